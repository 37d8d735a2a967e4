// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface WrappedCoin {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
    function approve(address spender, uint256 amount) external returns (bool);
}

/// Orders that sell native coin, as CoW Protocol's eth-flow contract places them: it owns them itself, wraps what
/// was paid in, and pays back what was not sold, which anybody may have it do.
contract EthFlowLike {
    WrappedCoin immutable wrapped;
    address immutable settlement;

    constructor(WrappedCoin wrapped_, address settlement_) {
        wrapped = wrapped_;
        settlement = settlement_;
    }

    receive() external payable {}

    function createOrder() external payable {
        wrapped.deposit{value: msg.value}();
        wrapped.approve(settlement, msg.value);
    }

    function refund(address payable user, uint256 amount) external {
        wrapped.withdraw(amount);
        (bool paid,) = user.call{value: amount}("");
        require(paid, "payment refused");
    }
}
