/** Decimals that are shown; what is left over is cut off, never rounded up. */
const SHOWN = 6;
/** Longer than that it is told as a power of ten. */
const LONGEST = 24;

/** An amount for people: in whole tokens (in the smallest unit where a token tells no decimals), in groups of three. */
export function readable(amount: bigint, decimals: number | null): string {
  if (amount < 0n) return `-${readable(-amount, decimals)}`;
  const places = decimals ?? 0;
  const digits = amount.toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(whole.length, whole.length + SHOWN).replace(/0+$/, '');
  if (amount > 0n && whole === '0' && fraction === '') return `<0.${'0'.repeat(SHOWN - 1)}1`;
  if (whole.length > LONGEST) return `${whole[0]}.${whole.slice(1, 4)}e+${whole.length - 1}`;
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === '' ? grouped : `${grouped}.${fraction}`;
}
