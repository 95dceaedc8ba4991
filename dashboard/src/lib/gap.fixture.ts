/** A gap for tests: filled, of everything. */

import type { Gap } from '../api';

export const aGap = (more: Partial<Gap> = {}): Gap => ({
  id: 1,
  state: 'filled',
  from: '2026-11-24T12:00:00.000000Z',
  to: '2026-11-24T12:01:40.000000Z',
  cause: '',
  entities: [],
  recovered: 0,
  kind: 'disconnected',
  through: null,
  not_kept: [],
  without_attributes: 0,
  note: null,
  tries: 1,
  ...more,
});
