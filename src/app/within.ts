/** What `work` comes to, unless it takes longer than `ms`. @throws Error then, else what `work` throws */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
