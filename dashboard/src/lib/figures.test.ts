import { expect, test } from 'vitest';
import { bytes, figure, withUnit } from './figures';

const plain = (text: string) => text.replace(/[^\d.,-]/g, '');

test('a figure is as precise as its text, up to two decimals', () => {
  expect(figure(21.4, '21.40')).toBe((21.4).toLocaleString(undefined, { minimumFractionDigits: 2 }));
  expect(figure(21, '21')).toBe('21');
  expect(plain(figure(3.14159, '3.14159'))).toMatch(/^3.14$/);
  expect(figure(0, '0')).toBe('0');
});

test('a small figure is not rounded to nothing', () => {
  expect(figure(0.0012, '0.0012')).toBe('0.0012');
  expect(figure(-0.0012, '-0.0012')).toBe('-0.0012');
});

test('bytes are told in the unit that keeps them short', () => {
  expect([bytes(0), bytes(999), bytes(48_230_123)]).toEqual(['0 bytes', '999 bytes', '48 MB']);
  expect(bytes(1500)).toMatch(/^1.5 kB$/);
});

test('a percent sign stands close to its figure, other units do not', () => {
  expect([withUnit('41', '%'), withUnit('21.4', '°C'), withUnit('on', null)]).toEqual(['41%', '21.4 °C', 'on']);
});
