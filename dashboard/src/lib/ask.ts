import type { Entities, Fault, Faults, History, RecordedEvents, Refusal, Status } from '../api';

/** A request that was answered with a refusal, in the program's words. */
export class Refused extends Error {}

/** An answer and the program's own time of day, in milliseconds, where the answer carries it. */
export interface Answer<T> {
  body: T;
  time: number | null;
}

const PATIENCE_MS = 10_000;
/** How far back the last states of one entity are looked for: a quiet door may have had none for weeks. */
const LONG_AGO_MS = 90 * 86_400_000;

/** Relative to the page, whatever path it is served under. */
async function ask<T>(path: string, method = 'GET'): Promise<Answer<T>> {
  const response = await fetch(`api/v1/${path}`, { method, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Refused(await refusal(response));
  const date = Date.parse(response.headers.get('date') ?? '');
  return { body: (await response.json()) as T, time: Number.isNaN(date) ? null : date };
}

async function refusal(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as Refusal;
    return `${error.what}: ${error.why}; ${error.do}`;
  } catch {
    return `answer ${response.status}`; // from something between the page and the program
  }
}

export const askStatus = () => ask<Status>('status');
export const askEntities = () => ask<Entities>('entities');

/** The newest states: of one entity, else of all in the last hour. */
export async function askEvents(limit: number, entity?: string): Promise<RecordedEvents> {
  const from = new Date(Date.now() - LONG_AGO_MS).toISOString();
  const only = entity === undefined ? '' : `&entity=${encodeURIComponent(entity)}&from=${from}`;
  return (await ask<RecordedEvents>(`events?type=state_changed&limit=${limit}${only}`)).body;
}

/** `bucket` in seconds; without it the states themselves. Times in milliseconds. */
export async function askHistory(entity: string, from: number, to: number, bucket: number | null): Promise<History> {
  const period = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
  const what = bucket === null ? 'limit=10000' : `bucket=${bucket}s`;
  return (await ask<History>(`entities/${encodeURIComponent(entity)}/history?${period}&${what}`)).body;
}

/** What can be made to go wrong in a simulated house. */
export const askFaults = async () => (await ask<Faults>('demo/faults')).body;
export const causeFault = async (name: string) => (await ask<Fault>(`demo/faults/${name}`, 'POST')).body;
