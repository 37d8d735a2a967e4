// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// As USDC and UNI: an allowance may be given by a signature (EIP-2612), in a transaction that the
/// owner does not send.
contract PermitToken is ERC20Permit {
    constructor() ERC20("Permit Token (test)", "PRMT") ERC20Permit("Permit Token (test)") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
