/** A lamp that nothing is known of, for tests. */

import type { Entity } from '../api';

export const anEntity = (more: Partial<Entity> = {}): Entity => ({
  entity_id: 'light.a',
  key: 'light.a',
  name: null,
  area: null,
  area_id: null,
  floor: null,
  device: null,
  device_id: null,
  manufacturer: null,
  model: null,
  integration: null,
  labels: [],
  names: [],
  silent: null,
  kept: true,
  rule: null,
  latest: null,
  ...more,
});
