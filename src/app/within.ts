/** What `work` comes to, unless it takes longer than `ms`. @throws Error then, which says `late`, else what `work` throws */
export async function within<T>(
  work: Promise<T>,
  ms: number,
  late = `no answer within ${ms} ms`,
): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(new Error(late)), ms);
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
