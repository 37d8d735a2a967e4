// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// An ordinary ERC-20 that anyone may mint. Everything it knows is in storage (balances in slot 0, supply in 2,
/// name in 3, symbol in 4, decimals in 5), so that a chain can be given many of them without deploying one.
contract TestToken is ERC20 {
    uint8 private _decimals;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// Moves a balance and says nothing of it: only reading it again can tell.
    function silentMint(address to, uint256 amount) external {
        assembly {
            mstore(0x00, to)
            mstore(0x20, 0)
            let slot := keccak256(0x00, 0x40)
            sstore(slot, add(sload(slot), amount))
        }
    }
}
