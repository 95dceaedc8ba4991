import { describe, expect, test } from 'vitest';
import type { Setup } from '../api';
import { profileOf, requestOf } from './setup';

const UNSET: Setup = {
  state: 'setup',
  verdict: 'Not recording: …',
  do: null,
  mistakes: [],
  file: 'data/hearthline.toml',
  url: null,
  token: null,
};
const known = (value: string | null) => ({ value, origin: 'HOME_ASSISTANT_URL' });

describe('what is sent', () => {
  test('is what was typed, without space around it', () => {
    expect(requestOf(UNSET, ' http://ha:8123 ', ' secret\n', false)).toEqual({
      url: 'http://ha:8123',
      token: 'secret',
      tls_verify: true,
    });
  });

  test('is not what the settings have already', () => {
    expect(requestOf({ ...UNSET, url: known('https://ha/') }, 'http://other', 'secret', true)).toEqual({
      url: null,
      token: 'secret',
      tls_verify: false,
    });
    expect(requestOf({ ...UNSET, token: known(null) }, 'http://ha', 'typed', false).token).toBeNull();
  });

  test('says nothing of a certificate where there is none', () => {
    expect(requestOf(UNSET, 'http://ha', 'secret', true).tls_verify).toBe(true);
  });
});

test('the profile is linked where the address is one', () => {
  expect(profileOf('http://ha:8123')).toBe('http://ha:8123/profile/security');
  expect(profileOf('https://ha/under/')).toBe('https://ha/under/profile/security');
  for (const url of ['', 'ha:8123', 'javascript:alert(1)', 'ws://ha']) expect(profileOf(url), url).toBeNull();
});
