// Reading that is tried again by itself: a page that was opened while the bank was
// away must not stay as it is when the bank is back.
const pause = 2000;
const passing = ['LOST', 'UNAVAILABLE', 'RATE_LIMITED', 'NOT_FOUND', 'NOT_YET_VISIBLE', 'INTERNAL'];

// mayPass reports whether the same request may succeed later.
export const mayPass = (error) => Boolean(error.extensions?.retryable) || passing.includes(error.code);

// patiently returns what work resolves to, for a person who waits: while the bank
// says that nothing happened and that the same request may be sent again, it calls
// waiting and sends it again, for a while.
export async function patiently(work, waiting, { longest = 15_000, first = 500 } = {}) {
  const until = performance.now() + longest;
  for (let wait = first; ; wait = Math.min(2 * wait, 4 * first)) {
    try {
      return await work();
    } catch (error) {
      const passes = error.code === 'UNAVAILABLE' && error.extensions?.retryable;
      if (!passes || performance.now() + wait > until) throw error;
      waiting(error);
      await new Promise((done) => { setTimeout(done, wait); });
    }
  }
}

// persist returns what work resolves to. While work fails with an error that may
// pass, it calls failed and tries again after a pause.
export async function persist(signal, work, failed) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      failed(error);
      await new Promise((done) => {
        setTimeout(done, Math.max(pause, 1000 * (error.extensions?.retryAfter ?? 0)));
      });
      signal.throwIfAborted();
    }
  }
}
