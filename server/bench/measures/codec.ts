import { decodeFunctionResult, encodeFunctionData, erc20Abi, parseAbi } from 'viem';
import { balanceOf, decodeResults, encodeCalls, firstWord } from '../../chain/multicall/codec.ts';
import type { Address, Hex } from '../../chain/types.ts';
import { nowMs } from '../clock.ts';
import { CHAIN_ID, tokens, wallet } from '../fixtures.ts';
import type { Row } from '../rows.ts';
import { median } from '../statistics.ts';
import { callContract } from '../upstream/calls.ts';
import { SyntheticChain } from '../upstream/chain.ts';

const PAIRS = 1000;
const WARM_UP_ROUNDS = 5;
const ROUNDS = 15;

const multicallAbi = parseAbi([
  'function tryBlockAndAggregate(bool requireSuccess, (address target, bytes callData)[] calls) returns (uint256 blockNumber, bytes32 blockHash, (bool success, bytes returnData)[] returnData)',
]);

interface Codec {
  encode(owner: Address, tokens: readonly Address[]): Hex;
  decode(answer: Hex): (bigint | undefined)[];
}

const ours: Codec = {
  encode: (owner, targets) => encodeCalls(targets.map((target) => ({ target, data: balanceOf(owner) }))),
  decode: (answer) => decodeResults(answer, PAIRS).map(({ data }) => firstWord(data)),
};

const viems: Codec = {
  encode: (owner, targets) => {
    const calls = targets.map((target) => ({
      target,
      callData: encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
    }));
    return encodeFunctionData({
      abi: multicallAbi,
      functionName: 'tryBlockAndAggregate',
      args: [false, calls],
    });
  },
  decode: (answer) => {
    const [, , results] = decodeFunctionResult({
      abi: multicallAbi,
      functionName: 'tryBlockAndAggregate',
      data: answer,
    });
    return results.map(({ returnData }) =>
      decodeFunctionResult({ abi: erc20Abi, functionName: 'balanceOf', data: returnData }),
    );
  },
};

/** Encoding and decoding 1,000 balances, by our codec and by viem's, in turns. */
export async function measureCodec(): Promise<Row[]> {
  const owner = wallet(0);
  const targets = tokens(PAIRS);
  const chain = new SyntheticChain(CHAIN_ID);
  const answer: Hex = `0x${callContract(chain, chain.head, owner, ours.encode(owner, targets))}`;
  if (ours.encode(owner, targets) !== viems.encode(owner, targets)) throw new Error('encodings differ');
  if (String(ours.decode(answer)) !== String(viems.decode(answer))) throw new Error('decodings differ');

  const roundOf = (codec: Codec): number => {
    const startedAtMs = nowMs();
    codec.encode(owner, targets);
    codec.decode(answer);
    return nowMs() - startedAtMs;
  };
  for (let i = 0; i < WARM_UP_ROUNDS; i++) [ours, viems].forEach(roundOf);
  const ourTimes: number[] = [];
  const viemTimes: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    ourTimes.push(roundOf(ours));
    viemTimes.push(roundOf(viems));
  }
  return [
    {
      name: 'codec: encode + decode 1,000 balances',
      value: median(ourTimes),
      unit: 'ms',
      yardstick: median(viemTimes),
      yardstickName: "viem's codec",
      limit: 0.1,
    },
  ];
}
