// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Transferable {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// As Uniswap's Permit2: wallets approve it once at each token, and tell it who may draw how much through it. Its own
/// Approval is another event than a token's, of another contract: it moves no ERC-20 allowance.
contract Permit2Like {
    /// By owner, token and spender.
    mapping(address => mapping(address => mapping(address => uint160))) public allowance;

    event Approval(
        address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration
    );

    function approve(address token, address spender, uint160 amount, uint48 expiration) external {
        allowance[msg.sender][token][spender] = amount;
        emit Approval(msg.sender, token, spender, amount, expiration);
    }

    function transferFrom(address from, address to, uint160 amount, address token) external {
        allowance[from][token][msg.sender] -= amount;
        Transferable(token).transferFrom(from, to, amount);
    }
}
