// Bundles GraphiQL and writes ../assets: every file compressed, every name but
// index.html with a hash of its content, and LICENSES.txt for what is inside.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild';
import { collectLicenses } from './licenses.js';

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, '..', 'assets');

const common = {
  absWorkingDir: here,
  outdir,
  write: false,
  bundle: true,
  minify: true,
  keepNames: true, // GraphiQL derives the titles of its icons from function names
  metafile: true,
  target: 'es2022',
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  legalComments: 'none', // LICENSES.txt holds them all
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
};

const workerEntries = {
  editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
  json: 'monaco-editor/esm/vs/language/json/json.worker.js',
  graphql: 'monaco-graphql/esm/graphql.worker.js',
};

// Workers are classic scripts, one file each: a module worker would need its
// own chunks and is not available in every browser.
function bundleWorkers() {
  const entryPoints = Object.entries(workerEntries).map(([label, path]) => ({
    in: path,
    out: `${label}.worker`,
  }));
  return esbuild.build({ ...common, format: 'iife', entryPoints });
}

function bundlePage(workers) {
  return esbuild.build({
    ...common,
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    entryPoints: ['src/main.jsx'],
    loader: { '.ttf': 'file' },
    // GraphiQL asks for named exports of prettier's CommonJS parsers, which a
    // lazily loaded chunk does not have; the ES modules of the same parsers do.
    alias: {
      'prettier/parser-babel': 'prettier/plugins/babel',
      'prettier/parser-graphql': 'prettier/plugins/graphql',
    },
    define: { ...common.define, WORKERS: JSON.stringify(workers) },
  });
}

function find(files, pattern) {
  const found = files.filter(({ path }) => pattern.test(basename(path)));
  if (found.length !== 1) throw new Error(`${pattern} matches ${found.length} outputs, want 1`);
  return `assets/${basename(found[0].path)}`;
}

// esbuild writes a style sheet for each lazy chunk too. The main one already
// holds those styles, and nothing loads the others.
function withoutStrayStyles(files) {
  return files.filter(({ path }) => !/^chunk-.*\.css$/.test(basename(path)));
}

function nameWorkers(files) {
  const labels = Object.keys(workerEntries);
  return Object.fromEntries(labels.map((label) => [label, find(files, new RegExp(`^${label}\\.worker-`))]));
}

async function hashedIcon() {
  const contents = await readFile(join(here, 'src/icon.svg'));
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8);
  return { path: `icon-${hash}.svg`, contents };
}

async function fillIndex(files) {
  const html = await readFile(join(here, 'src/index.html'), 'utf8');
  const filled = html
    .replace('%ICON%', find(files, /^icon-.*\.svg$/))
    .replace('%CSS%', find(files, /^main-.*\.css$/))
    .replace('%JS%', find(files, /^main-.*\.js$/));
  return { path: 'index.html', contents: Buffer.from(filled) };
}

// The operating system's byte of the gzip header is blanked, so that the same
// sources give the same files on every machine.
function compress(contents) {
  const packed = gzipSync(contents, { level: 9 });
  packed[9] = 0xff;
  return packed;
}

async function write(files, licenses) {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  let raw = 0;
  let packed = 0;
  for (const { path, contents } of files) {
    const bytes = compress(contents);
    raw += contents.length;
    packed += bytes.length;
    await writeFile(join(outdir, `${basename(path)}.gz`), bytes);
  }
  await writeFile(join(outdir, 'LICENSES.txt'), licenses);
  console.log(`${files.length} files, ${raw} bytes, ${packed} compressed`);
}

const workers = await bundleWorkers();
const page = await bundlePage(nameWorkers(workers.outputFiles));
const files = [...workers.outputFiles, ...withoutStrayStyles(page.outputFiles), await hashedIcon()];
files.push(await fillIndex(files));
const inputs = [workers, page].flatMap(({ metafile }) => Object.keys(metafile.inputs));
await write(files, await collectLicenses(here, inputs));
