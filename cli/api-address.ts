/** Where a running levy is, and the token to speak to it with. */
export interface ApiAddress {
  base: string;
  token: string;
}

/** The options of commands that speak to a running levy, for their declarations. */
export const API_OPTIONS = {
  url: { type: 'string', value: 'URL', says: 'where levy runs; LEVY_URL, else port 3000 here' },
  token: {
    type: 'string',
    value: 'TOKEN',
    says: 'an access token that may operate; better in LEVY_TOKEN, where nobody sees it',
  },
} as const;

/** The address that options and environment name, or what is wrong with them. */
export function apiAddress(
  options: { url?: string; token?: string },
  env: Record<string, string | undefined>,
): ApiAddress | string {
  const base = options.url ?? (env['LEVY_URL']?.trim() || 'http://127.0.0.1:3000');
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    return `--url ${base} is not an address like http://127.0.0.1:3000.`;
  const token = options.token ?? env['LEVY_TOKEN'] ?? '';
  if (!token) return 'An access token is needed: set LEVY_TOKEN, or give --token.';
  return { base, token };
}
