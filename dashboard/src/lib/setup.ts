/** What the steps of the setup send. */

import type { Setup, SetupRequest } from '../api';

/** What the settings have already is not sent. */
export function requestOf(setup: Setup, url: string, token: string, unchecked: boolean): SetupRequest {
  const isEncrypted = /^(https|wss):/i.test(setup.url?.value ?? url.trim());
  return {
    url: setup.url ? null : url.trim(),
    token: setup.token ? null : token.trim(),
    tls_verify: !(unchecked && isEncrypted),
  };
}

/** Where a person makes a token; null where the address is none yet. */
export function profileOf(url: string): string | null {
  try {
    const { protocol, href } = new URL(url);
    return protocol === 'http:' || protocol === 'https:' ? `${href.replace(/\/$/, '')}/profile/security` : null;
  } catch {
    return null;
  }
}
