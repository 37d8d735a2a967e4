// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What makes Tether's token on Ethereum special: nothing is returned from transfer, transferFrom and approve,
/// a fee may be taken from what is transferred, and everything can be paused.
contract UsdtLike {
    string public constant name = "Tether USD (test)";
    string public constant symbol = "USDT";
    uint8 public constant decimals = 6;

    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    uint256 public basisPointsRate;
    address public feeRecipient;
    bool public paused;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        require(allowance[from][msg.sender] >= value, "allowance");
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function approve(address spender, uint256 value) external {
        // As the original: an allowance is changed by way of zero.
        require(value == 0 || allowance[msg.sender][spender] == 0, "allowance not zero");
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function setFee(uint256 basisPoints, address recipient) external {
        basisPointsRate = basisPoints;
        feeRecipient = recipient;
    }

    function pause() external {
        paused = true;
    }

    function unpause() external {
        paused = false;
    }

    function _move(address from, address to, uint256 value) private {
        require(!paused, "paused");
        require(balanceOf[from] >= value, "balance");
        uint256 fee = value * basisPointsRate / 10_000;
        balanceOf[from] -= value;
        balanceOf[to] += value - fee;
        emit Transfer(from, to, value - fee);
        if (fee > 0) {
            balanceOf[feeRecipient] += fee;
            emit Transfer(from, feeRecipient, fee);
        }
    }
}
