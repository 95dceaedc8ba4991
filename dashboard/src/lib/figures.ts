/** Figures as a person reads them. */

const MOST_DECIMALS = 2;

// Kept by their number of decimals, because making one costs much more than using it.
const FORMATS = [0, 1, MOST_DECIMALS].map(
  (digits) => new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);
const ROUNDED = new Intl.NumberFormat(undefined, { maximumFractionDigits: MOST_DECIMALS });

/** As precise as the text that it was read from, with two decimals at most. */
export function figure(value: number, text: string): string {
  if (value !== 0 && Math.abs(value) < 0.005) return value.toPrecision(2);
  const decimals = /^[^.e]*\.(\d+)$/.exec(text)?.[1]?.length ?? (text.includes('e') ? MOST_DECIMALS : 0);
  const digits = Math.min(decimals, MOST_DECIMALS);
  return (FORMATS[digits] ?? ROUNDED).format(value);
}

/** A number of which the text is not known: at most two decimals. */
export function rounded(value: number): string {
  return ROUNDED.format(value);
}

export const count = (value: number): string => ROUNDED.format(value);

export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  while (value >= 1000 && power < units.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${value.toLocaleString(undefined, { maximumFractionDigits: value < 10 && power > 0 ? 1 : 0 })} ${units[power]}`;
}

/** `21.4 °C`, `41%`: a percent sign stands close, as in Home Assistant. */
export function withUnit(text: string, unit: string | null): string {
  if (!unit) return text;
  return unit === '%' ? `${text}%` : `${text} ${unit}`;
}
