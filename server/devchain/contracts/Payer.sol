// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A contract that holds coin and tokens and gives them away: payments that no log and no transaction's own
/// fields tell of, and many transfers in one transaction.
contract Payer {
    receive() external payable {}

    function pay(address payable to, uint256 amount) external {
        (bool paid,) = to.call{value: amount}("");
        require(paid, "payment refused");
    }

    /// `count` transfers of `amount` each. Works with tokens that return nothing.
    function transferMany(address token, address to, uint256 amount, uint256 count) external {
        for (uint256 i = 0; i < count; i++) {
            (bool done,) = token.call(abi.encodeWithSignature("transfer(address,uint256)", to, amount));
            require(done, "transfer refused");
        }
    }
}
