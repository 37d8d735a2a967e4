/** Amounts in words of people. All of it is done on text: no digit is lost to a double. */

const SHOWN_DECIMALS = 6;
/** Past which an amount says more by its size than by its digits. */
const MOST_DIGITS = 15;

/** A balance as it is shown: whole tokens with their thousands grouped, and the decimals there is room for. */
export interface ShownAmount {
  readonly whole: string;
  /** With its point; empty where there is none. */
  readonly fraction: string;
  /** Whether there are digits that are not shown. */
  readonly isCut: boolean;
}

/** Of an exact amount in whole tokens, as `1234.5`. Cut, not rounded: nobody holds more than they are shown. */
export function shown(exact: string): ShownAmount {
  const [, sign = '', digits = '0', decimals = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(exact) ?? [];
  if (digits.length > MOST_DIGITS)
    return {
      whole: `${sign}${digits[0]}.${digits.slice(1, 5)}×10${raised(digits.length - 1)}`,
      fraction: '',
      isCut: true,
    };
  const kept = decimals.slice(0, SHOWN_DECIMALS).replace(/0+$/, '');
  const isCut = /[1-9]/.test(decimals.slice(SHOWN_DECIMALS));
  if (isCut && digits === '0' && !kept)
    return { whole: `<${sign}0`, fraction: `.${'1'.padStart(SHOWN_DECIMALS, '0')}`, isCut };
  return { whole: sign + grouped(digits), fraction: kept && `.${kept}`, isCut };
}

export function shownText(exact: string): string {
  const { whole, fraction } = shown(exact);
  return whole + fraction;
}

/** An amount of the smallest unit in whole tokens, exact. */
export function inWholeTokens(amount: bigint, decimals: number): string {
  const digits = `${amount < 0n ? -amount : amount}`.padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  const fraction = digits.slice(cut).replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, cut)}${fraction && `.${fraction}`}`;
}

function raised(exponent: number): string {
  return [...`${exponent}`].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
}

/** With thousands grouped. */
export function grouped(digits: string | number | bigint): string {
  return `${digits}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
