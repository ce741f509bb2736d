// Monaco asks for its workers by label. Each is one classic script, bundled
// ahead of time: the page's policy forbids workers made from blobs.
// build.js replaces WORKERS by the hashed file names.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const path = WORKERS[label] ?? WORKERS.editor;
    return new Worker(new URL(path, document.baseURI));
  },
};
