// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

// Tokens whose balanceOf no one should have written. None has a name, a symbol or decimals.

contract RevertingToken {
    function balanceOf(address) external pure returns (uint256) {
        revert("no balance for you");
    }
}

/// Spends all the gas that it is given.
contract EndlessToken {
    function balanceOf(address) external pure returns (uint256) {
        while (true) {}
        return 0;
    }
}

/// Answers with `size` bytes, the first 64 of them 0x01: 0 for an empty answer, 31 for one too short, 64 for one too
/// long, a million or two for a bomb.
contract SizedAnswerToken {
    uint256 private immutable size;

    constructor(uint256 size_) {
        size = size_;
    }

    function balanceOf(address) external view returns (uint256) {
        uint256 length = size;
        assembly {
            for { let i := 0 } and(lt(i, length), lt(i, 64)) { i := add(i, 32) } {
                mstore(i, 0x0101010101010101010101010101010101010101010101010101010101010101)
            }
            return(0, length)
        }
    }
}
