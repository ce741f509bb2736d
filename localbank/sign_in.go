package localbank

import (
	"io"
	"os"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/session"
	"corebank/localbank/datadir"
)

// linkLife is how long the token lasts that is behind the link printed at the
// start.
const linkLife = 24 * time.Hour

// SignInLink is an address that signs one browser in, once.
func SignInLink(gateway string, data datadir.Dir, local *issuer.Local, subject string, role identity.Role,
	lifetime time.Duration) (string, error) {
	token, err := local.Token(subject, role, time.Now(), lifetime)
	if err != nil {
		return "", err
	}
	code, err := data.Sessions().Offer(token)
	if err != nil {
		return "", err
	}
	return session.Link(gateway, code), nil
}

// signInText has a link that signs one browser in as a teller; where others may
// read the output, only how to get one.
func signInText(out io.Writer, gateway string, data *datadir.Locked) string {
	more := tokenCommand(data.Path, "--link")
	if file, ok := out.(*os.File); ok && readByOthers(file) {
		return "Others can read this output, so it has no link. To get one:\n" + more
	}
	link, err := SignInLink(gateway, data.Dir, data.Issuer, string(identity.Teller), identity.Teller, linkLife)
	if err != nil {
		return "A link could not be made: " + err.Error() + "\n" + more
	}
	return link + "\nThe link signs in a teller, once. For another:\n" + more
}

// readByOthers reports whether other users of the machine may read a file that
// the output goes to.
func readByOthers(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
}
