// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// As staking tokens do: wallets hold shares, and one index turns shares into balances. When it moves, every
/// balance does, and no Transfer tells of it.
contract RebasingToken {
    string public constant name = "Rebasing Ether (test)";
    string public constant symbol = "rbETH";
    uint8 public constant decimals = 18;

    /// Balance of one share, in units of 1e-18.
    uint256 public index = 1e18;
    uint256 public totalShares;
    mapping(address => uint256) public sharesOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function balanceOf(address owner) external view returns (uint256) {
        return sharesOf[owner] * index / 1e18;
    }

    function totalSupply() external view returns (uint256) {
        return totalShares * index / 1e18;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function mint(address to, uint256 value) external {
        uint256 shares = value * 1e18 / index;
        totalShares += shares;
        sharesOf[to] += shares;
        emit Transfer(address(0), to, value);
    }

    function rebase(uint256 newIndex) external {
        index = newIndex;
    }

    function _move(address from, address to, uint256 value) private {
        uint256 shares = value * 1e18 / index;
        sharesOf[from] -= shares;
        sharesOf[to] += shares;
        emit Transfer(from, to, value);
    }
}
