// Reading that is tried again by itself: a page that was opened while the bank was
// away must not stay as it is when the bank is back.
const pause = 2000;
const passing = ['LOST', 'UNAVAILABLE', 'RATE_LIMITED', 'NOT_FOUND', 'NOT_YET_VISIBLE', 'INTERNAL'];

// mayPass reports whether the same request may succeed later.
export const mayPass = (error) => Boolean(error.extensions?.retryable) || passing.includes(error.code);

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
