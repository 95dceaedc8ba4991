/** What a person pastes elsewhere to have an entity's rows there. */

/** `'` is doubled, in SQL as in YAML. */
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The pattern of all files of states, from the path of any one of them; as it is by default where none is known. */
export function statesIn(files: readonly string[]): string {
  const one = files.find((path) => /[\\/]states[\\/]/.test(path));
  return one ? one.replace(/([\\/]states[\\/]).*$/, '$1*/*.parquet') : 'data/store/states/*/*.parquet';
}

export function duckdb(entity: string, files: readonly string[]): string {
  return `SELECT ts, state, value, unit, last_changed, origin
FROM read_parquet(${quoted(statesIn(files))}, hive_partitioning = true)
WHERE entity_id = ${quoted(entity)}
ORDER BY ts;
`;
}

export interface Influx {
  measurement: string;
  database: string;
  /** What the server calls itself, as in `v2.7.10`. */
  version: string | null;
}

/** A query for a panel of Grafana: InfluxQL, or Flux where the server is an InfluxDB 2. */
export function grafana(entity: string, { measurement, database, version }: Influx, isNumber: boolean): string {
  const field = isNumber ? 'value' : 'state';
  if (version !== null && /^v?2\./.test(version)) {
    const text = JSON.stringify;
    return `from(bucket: ${text(database)})
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == ${text(measurement)} and r.entity_id == ${text(entity)} and r._field == ${text(field)})
${isNumber ? '  |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)\n' : ''}`;
  }
  const name = (word: string) => `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const value = `'${entity.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const select = isNumber ? `mean(${name(field)})` : name(field);
  const group = isNumber ? ' GROUP BY time($__interval) fill(null)' : '';
  return `SELECT ${select} FROM ${name(measurement)} WHERE "entity_id" = ${value} AND $timeFilter${group}\n`;
}

/** A sensor of another Home Assistant that shows the latest state. `page` is this page's address. */
export function restSensor(entity: string, name: string, unit: string | null, page: string): string {
  const resource = new URL(`api/v1/entities/${encodeURIComponent(entity)}`, page.split('#')[0]).href;
  return `sensor:
  - platform: rest
    name: ${quoted(name)}
    resource: ${quoted(resource)}
    # From another machine the token is needed: hearthline token show prints it.
    headers:
      Authorization: !secret hearthline_authorization  # "Bearer <token>"
    value_template: "{{ value_json.latest.state }}"
${unit ? `    unit_of_measurement: ${quoted(unit)}\n` : ''}    scan_interval: 60
`;
}
