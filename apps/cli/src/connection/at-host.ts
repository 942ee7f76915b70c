/** The same address at another host. */
export function atHost(url: URL, host: string | undefined): URL {
  const there = new URL(url);
  if (host !== undefined) there.hostname = host;
  return there;
}
