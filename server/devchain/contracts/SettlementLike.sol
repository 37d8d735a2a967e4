// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// Settles one order as CoW Protocol's GPv2Settlement does: takes what the owner sells, pays what it buys out of its
/// own pocket, native coin from inside the call, and says so with the same event.
contract SettlementLike {
    address constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    event Trade(
        address indexed owner,
        address sellToken,
        address buyToken,
        uint256 sellAmount,
        uint256 buyAmount,
        uint256 feeAmount,
        bytes orderUid
    );

    receive() external payable {}

    /// Whoever owns the order, the receiver is paid. The owner must have approved of it.
    function settle(
        address owner,
        address payable receiver,
        address sellToken,
        address buyToken,
        uint256 sellAmount,
        uint256 buyAmount
    ) external {
        require(Token(sellToken).transferFrom(owner, address(this), sellAmount), "sold nothing");
        if (buyToken == NATIVE) {
            (bool paid,) = receiver.call{value: buyAmount}("");
            require(paid, "payment refused");
        } else {
            require(Token(buyToken).transfer(receiver, buyAmount), "bought nothing");
        }
        say(owner, sellToken, buyToken, sellAmount, buyAmount);
    }

    /// The event alone, whatever has happened.
    function say(address owner, address sellToken, address buyToken, uint256 sellAmount, uint256 buyAmount) public {
        emit Trade(owner, sellToken, buyToken, sellAmount, buyAmount, 0, new bytes(56));
    }

    /// The event with other data than it should have.
    function sayBadly(address owner, bytes memory data) external {
        bytes32 topic = Trade.selector;
        assembly {
            log2(add(data, 32), mload(data), topic, owner)
        }
    }
}
