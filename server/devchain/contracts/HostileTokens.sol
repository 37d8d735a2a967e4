// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

// Tokens whose balanceOf no one should have written; the first ones have no name, symbol or decimals.

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

/// The same at once.
contract InvalidToken {
    function balanceOf(address) external pure returns (uint256) {
        assembly {
            invalid()
        }
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

/// An ERC-20 that anyone may mint and move, and whose balanceOf anyone may spoil and mend.
contract FickleToken {
    enum Mood {
        Well,
        Reverts,
        /// Answers with `measure` bytes.
        Answers,
        /// Reverts with `measure` bytes.
        RevertsWith,
        Invalid,
        Endless,
        /// Reverts for the wallet `measure` alone.
        RevertsForOne,
        /// Answers well `measure` times in one eth_call, then burns all gas.
        Tires,
        /// Answers well, but burns nearly all gas where it finds more than `measure`.
        Greedy
    }

    string public constant name = "Fickle";
    string public constant symbol = "FCK";
    uint8 public constant decimals = 18;
    Mood public mood;
    uint256 public measure;
    uint256 private times;
    mapping(address => uint256) private balances;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function setMood(Mood mood_, uint256 measure_) external {
        mood = mood_;
        measure = measure_;
    }

    function mint(address to, uint256 amount) external {
        balances[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function mintToMany(address[] calldata to, uint256 amount) external {
        for (uint256 i = 0; i < to.length; i++) {
            balances[to[i]] += amount;
            emit Transfer(address(0), to[i], amount);
        }
    }

    function balanceOf(address owner) external returns (uint256) {
        Mood now_ = mood;
        uint256 size = measure;
        if (now_ == Mood.Reverts) revert("not today");
        if (now_ == Mood.Answers) {
            assembly {
                return(0x80, size)
            }
        }
        if (now_ == Mood.RevertsWith) {
            assembly {
                revert(0x80, size)
            }
        }
        if (now_ == Mood.Invalid) _invalid();
        if (now_ == Mood.Endless) while (true) {}
        if (now_ == Mood.RevertsForOne && uint256(uint160(owner)) == size) revert("not for you");
        if (now_ == Mood.Tires) {
            // An eth_call leaves nothing behind: each begins to count anew.
            times += 1;
            if (times > size) _invalid();
        }
        if (now_ == Mood.Greedy && gasleft() > size) while (gasleft() > 50_000) {}
        return balances[owner];
    }

    function _invalid() private pure {
        assembly {
            invalid()
        }
    }
}

/// Its balances are in order; what it says of itself is not.
contract BoastfulToken {
    enum Boast {
        /// Control characters and overrides of direction, 10 kB of name, 300 decimals.
        Deceives,
        Endless,
        Invalid,
        /// A megabyte each.
        Bombs
    }

    Boast private immutable boast;
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(Boast boast_) {
        boast = boast_;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function symbol() external view returns (string memory) {
        _misbehave();
        return unicode"GO\u202eLD\u0000\u200b!\u0007";
    }

    function name() external view returns (string memory) {
        _misbehave();
        bytes memory text = new bytes(10_000);
        for (uint256 i = 0; i < text.length; i++) text[i] = "x";
        return string(text);
    }

    function decimals() external view returns (uint256) {
        _misbehave();
        return 300;
    }

    function _misbehave() private view {
        if (boast == Boast.Endless) while (true) {}
        if (boast == Boast.Invalid) {
            assembly {
                invalid()
            }
        }
        if (boast == Boast.Bombs) {
            assembly {
                return(0x80, 1000000)
            }
        }
    }
}

/// Its balanceOf and its allowance may each be spoiled by themselves.
contract TwoFacedToken {
    enum Mood {
        Well,
        Reverts,
        Invalid
    }

    Mood public moodOfBalances;
    Mood public moodOfAllowances;
    mapping(address => uint256) private balances;
    mapping(address => mapping(address => uint256)) private allowances;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function setMoods(Mood ofBalances, Mood ofAllowances) external {
        moodOfBalances = ofBalances;
        moodOfAllowances = ofAllowances;
    }

    function mint(address to, uint256 amount) external {
        balances[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowances[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function balanceOf(address owner) external view returns (uint256) {
        _be(moodOfBalances);
        return balances[owner];
    }

    function allowance(address owner, address spender) external view returns (uint256) {
        _be(moodOfAllowances);
        return allowances[owner][spender];
    }

    function _be(Mood mood) private pure {
        if (mood == Mood.Reverts) revert("not today");
        if (mood == Mood.Invalid) {
            assembly {
                invalid()
            }
        }
    }
}
