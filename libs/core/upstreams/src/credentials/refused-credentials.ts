/** What to do about a status that says that Omni's credentials are no good; nothing for another one. */
export function refusedCredentials(upstream: string, status: number): { readonly hint?: string } {
  if (status === 407)
    return {
      hint: 'The proxy does not accept Omni: put its name and password into HTTP_PROXY or HTTPS_PROXY, or set outgoing.proxy.',
    };
  if (status !== 401) return {};
  return {
    hint: `The server does not accept the credentials that Omni has for it. Set headers of mcpServers.${upstream}; those of clients are never passed on.`,
  };
}
