// Package oidc verifies OpenID Connect bearer tokens: JWTs that an issuer
// signed, checked against its published keys.
//
// What it promises: only asymmetric signatures of the configured issuer, for
// the configured audience, within their time; an unknown key is looked for at
// the issuer, at a limited rate; while an issuer is down, tokens signed with a
// known key are still accepted. A token that was verified costs one hash from
// then on. It may import packages identity and bank only.
package oidc
