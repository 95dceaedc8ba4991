import { expect, test } from 'vitest';
import { duckdb, grafana, restSensor, statesIn } from './snippets';

test('DuckDB reads the files where they are', () => {
  expect(statesIn(['/d/store/weather/date=2026-11-24/1.parquet', '/d/store/states/date=2026-11-24/1.parquet'])).toBe(
    '/d/store/states/*/*.parquet',
  );
  expect(statesIn([])).toBe('data/store/states/*/*.parquet');
  expect(duckdb("sensor.a'b", [])).toContain("WHERE entity_id = 'sensor.a''b'");
});

test('Grafana asks in the language of the server, for the number where there is one', () => {
  const influx = { measurement: 'home_assistant_events', database: 'house', version: '1.6.7' };
  expect(grafana('sensor.a', influx, true)).toBe(
    `SELECT mean("value") FROM "home_assistant_events" WHERE "entity_id" = 'sensor.a' AND $timeFilter GROUP BY time($__interval) fill(null)\n`,
  );
  expect(grafana('light.a', { ...influx, version: null }, false)).toBe(
    `SELECT "state" FROM "home_assistant_events" WHERE "entity_id" = 'light.a' AND $timeFilter\n`,
  );
  const flux = grafana('sensor.a', { ...influx, version: 'v2.7.10' }, true);
  expect(flux).toContain('from(bucket: "house")');
  expect(flux).toContain('r._field == "value"');
  expect(flux).toContain('aggregateWindow');
});

test('a sensor of Home Assistant asks this program, under whatever path the page is', () => {
  const yaml = restSensor('sensor.a', "Ann's", '°C', 'http://10.0.0.2:8099/ingress/x/#/entity/sensor.a');
  expect(yaml).toContain("resource: 'http://10.0.0.2:8099/ingress/x/api/v1/entities/sensor.a'");
  expect(yaml).toContain("name: 'Ann''s'");
  expect(yaml).toContain("unit_of_measurement: '°C'");
  expect(restSensor('light.a', 'A', null, 'http://h/')).not.toContain('unit_of_measurement');
});
