// Collects the licence texts of every npm package that a bundle contains.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const licenseFile = /^(licen[cs]e|copying|notice|thirdpartynotices)(\.|-|$)/i;
const rule = '='.repeat(78);

// "node_modules/a/node_modules/@b/c/d.js" lies in "node_modules/a/node_modules/@b/c".
function packageFolder(input) {
  return input.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
}

async function describe(root, folder) {
  const { name, version, license, author } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
  const texts = [];
  for (const file of (await readdir(join(root, folder))).sort()) {
    if (licenseFile.test(file)) texts.push((await readFile(join(root, folder, file), 'utf8')).trim());
  }
  const holder = author?.name ?? author ?? `the authors of ${name}`;
  const text = texts.join('\n\n') || (await standardText(root, name, license, holder));
  return { title: `${name} ${version} (${license})`, text };
}

// Some packages name the MIT licence and carry no copy of it.
async function standardText(root, name, license, holder) {
  if (license !== 'MIT') throw new Error(`${name} has no licence text and says "${license}": look it up before shipping it`);
  return (await readFile(join(root, 'src/MIT.txt'), 'utf8')).trim().replace('%HOLDER%', holder);
}

// collectLicenses takes the input paths of the bundles, relative to root, and
// prints each text once, below the packages that share it.
export async function collectLicenses(root, inputs) {
  const folders = [...new Set(inputs.map(packageFolder).filter(Boolean))];
  const packages = await Promise.all(folders.map((folder) => describe(root, folder)));
  const titlesByText = new Map();
  for (const { title, text } of packages.sort((a, b) => (a.title < b.title ? -1 : 1))) {
    titlesByText.set(text, (titlesByText.get(text) ?? new Set()).add(title));
  }
  const sections = [...titlesByText].map(([text, titles]) => [rule, ...titles, rule, '', text, ''].join('\n'));
  const heading = 'The GraphiQL page contains the following packages, each under its own licence.\n';
  return [heading, ...sections].join('\n').replaceAll('\r\n', '\n');
}
