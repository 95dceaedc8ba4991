/** What is set, in words. */

import type { FilterPreview, KeptSet, KeptSetting, Setting, SettingChange } from '../api';
import { count } from './figures';

/** Settings of one section, in the order of the documentation. */
export interface Section {
  /** As in the file; empty is what stands before the first. */
  name: string;
  settings: Setting[];
}

/** By section; without `all` only what somebody has set. */
export function sectionsOf(settings: readonly Setting[], all: boolean): Section[] {
  const sections: Section[] = [];
  for (const setting of settings) {
    if (!all && setting.origin === null) continue;
    const name = sectionOf(setting.name);
    const last = sections.at(-1);
    if (last?.name === name) last.settings.push(setting);
    else sections.push({ name, settings: [setting] });
  }
  return sections;
}

const sectionOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
/** Without its section. */
export const keyOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** A value as the file would say it. */
export function valueOf({ value, secret }: Pick<Setting, 'value' | 'secret'>): string {
  if (secret) return 'set, not told';
  return value === null ? 'nothing' : written(value);
}

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value).map(([key, member]) => `${key} = ${written(member)}`).join(', ')} }`;
  }
  return JSON.stringify(value);
}

/** What becomes what. */
export const changeOf = ({ from, to, secret }: Pick<SettingChange, 'from' | 'to' | 'secret'>): string =>
  secret ? 'another secret' : `${valueOf({ value: from, secret })} → ${valueOf({ value: to, secret })}`;

export const HOLDS: Record<Setting['holds'], string> = {
  live: 'at once',
  part: 'its part is started anew alone',
  restart: 'with the next start',
};

type Difference = Pick<SettingChange, 'name' | 'from' | 'to' | 'secret'>;

/** What differs between two. Of two secrets it is not known whether they are the same. */
export function differences(before: readonly KeptSetting[], after: readonly KeptSetting[]): Difference[] {
  const names = [...new Set([...after, ...before].map(({ name }) => name))];
  const of = (all: readonly KeptSetting[], name: string) => all.find((one) => one.name === name);
  return names.flatMap((name) => {
    const [was, is] = [of(before, name), of(after, name)];
    const [from, to] = [was?.value ?? null, is?.value ?? null];
    const secret = (was?.secret ?? false) || (is?.secret ?? false);
    const same = JSON.stringify(from) === JSON.stringify(to) && (was?.secret ?? false) === (is?.secret ?? false);
    return same ? [] : [{ name, from, to, secret }];
  });
}

/** Each with what it changed; none for the oldest. */
export const history = (kept: readonly KeptSet[]): [KeptSet, Difference[] | null][] =>
  kept.map((set, n) => {
    const before = kept[n + 1];
    return [set, before === undefined ? null : differences(before.settings, set.settings)];
  });

/** The first names of those that come in or go out, in a line. */
export function namesOf(preview: FilterPreview, which: 'comes_in' | 'goes_out'): string {
  const [names, all] = [preview[which], preview[`${which}_count`]];
  const more = all - names.length;
  return names.join(', ') + (more > 0 ? `, and ${count(more)} more` : '');
}
