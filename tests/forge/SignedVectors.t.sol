// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ISignedActs} from "contracts/src/interfaces/ISignedActs.sol";
import {ITimeBank} from "contracts/src/interfaces/ITimeBank.sol";
import {SignedActs} from "contracts/src/SignedActs.sol";
import {TimeBank} from "contracts/src/TimeBank.sol";
import {HeirNamingId} from "contracts/src/types/Ids.sol";
import {Test} from "forge-std/Test.sol";

import {TypedData} from "./TypedData.sol";

/// @notice What every contract does with a signature, and nothing else.
contract SignatureChecker is SignedActs {
    constructor(string memory name, bytes32 genesis) SignedActs(name, genesis) {}

    function check(address signer, bytes32 structHash, uint64 deadlineUnixS, bytes32 r, bytes32 vs)
        external
        view
        returns (bytes32 digest)
    {
        _requireSigned("id", signer, structHash, deadlineUnixS, r, vs);
        return _hashTypedDataV4(structHash);
    }
}

/// @notice The contracts agree with eth_account and viem on every struct that people sign: tests/vectors/typed_data.json.
contract SignedVectorsTest is Test {
    string private constant NAME = "Amanat TimeBank";

    string private _json;

    function setUp() public {
        _json = vm.readFile("tests/vectors/typed_data.json");
    }

    function test_goodVectorsAreAccepted() public {
        uint256 count;
        for (string memory v = _at("good", 0); _has(v, ""); v = _at("good", ++count)) {
            bytes32 structHash = _structHash(v, _word(v, ".message.genesisHash"));
            assertEq(TypedData.digest(_domain(v), structHash), _word(v, ".digest"), v);
            assertEq(this.check(v, structHash), _word(v, ".digest"), v);
        }
        assertGe(count, 30);
    }

    function test_wrongVectorsAreRefused() public {
        uint256 count;
        for (string memory v = _at("wrong", 0); _has(v, ""); v = _at("wrong", ++count)) {
            if (!_isVersion1(v)) continue;
            bytes4 expected = _error(v);
            if (expected == ITimeBank.TimeBankAlreadyDone.selector) expected = 0; // said by the act, not by the check
            // A contract hashes the genesis hash that it knows, whatever was signed.
            try this.check(v, _structHash(v, _word(v, ".genesis_hash"))) {
                assertEq(expected, bytes4(0), v);
            } catch (bytes memory answer) {
                assertEq(bytes4(answer), expected, v);
            }
        }
        assertGe(count, 17);
    }

    /// @dev The same by an act of a real contract, which needs nothing on the chain beforehand.
    function test_wrongVectorsAreRefusedByTheTimeBank() public {
        uint256 count;
        for (string memory v = _at("wrong", 0); _has(v, ""); v = _at("wrong", ++count)) {
            if (!_isVersion1(v) || !_same(_domain(v).name, NAME)) continue;
            TimeBank bank = TimeBank(_domain(v).verifyingContract);
            uint256 clean = vm.snapshotState();
            _enter(v);
            deployCodeTo("TimeBank.sol:TimeBank", abi.encode(0, 0, 0, _word(v, ".genesis_hash")), address(bank));
            if (_has(v, ".sent_before")) bank.nameHeirs(_naming(v));
            if (_error(v) != 0) vm.expectPartialRevert(_error(v));
            bank.nameHeirs(_naming(v));
            vm.revertToState(clean);
        }
        assertGe(count, 17);
    }

    /// @dev Called from outside, so that a refusal can be caught.
    function check(string memory v, bytes32 structHash) external returns (bytes32 digest) {
        _enter(v);
        TypedData.Domain memory domain = _domain(v);
        bytes memory code = abi.encode(domain.name, bytes32(0));
        deployCodeTo("SignedVectors.t.sol:SignatureChecker", code, domain.verifyingContract);
        return SignatureChecker(domain.verifyingContract)
            .check(
                _address(v, ".signer"),
                structHash,
                uint64(_number(v, ".message.deadlineUnixS")),
                _word(v, ".r"),
                _word(v, ".vs")
            );
    }

    /// @dev To the chain and the second of a vector.
    function _enter(string memory v) private {
        vm.chainId(_domain(v).chainId);
        vm.warp(_number(v, ".now_unix_s"));
    }

    function _domain(string memory v) private view returns (TypedData.Domain memory) {
        return TypedData.Domain(
            _text(v, ".domain.name"), _number(v, ".domain.chainId"), _address(v, ".domain.verifyingContract")
        );
    }

    /// @dev From the names and types of the fields alone.
    function _structHash(string memory v, bytes32 genesisHash) private view returns (bytes32) {
        string memory kind = string.concat(_text(v, ".struct"), "(");
        bytes memory words;
        for (uint256 i = 0; _has(v, _field(i, "")); ++i) {
            string memory name = _text(v, _field(i, "[0]"));
            kind = string.concat(kind, i == 0 ? "" : ",", _text(v, _field(i, "[1]")), " ", name);
            words = bytes.concat(words, _same(name, "genesisHash") ? genesisHash : _value(v, name, i));
        }
        return keccak256(bytes.concat(keccak256(bytes(string.concat(kind, ")"))), words));
    }

    function _value(string memory v, string memory name, uint256 i) private view returns (bytes32) {
        string memory kind = _text(v, _field(i, "[1]"));
        string memory key = string.concat(".message.", name);
        if (_same(kind, "bytes32")) return _word(v, key);
        if (_same(kind, "address")) return bytes32(uint256(uint160(_address(v, key))));
        return bytes32(_number(v, key));
    }

    function _naming(string memory v) private view returns (ITimeBank.SignedHeirNaming[] memory namings) {
        namings = new ITimeBank.SignedHeirNaming[](1);
        namings[0] = ITimeBank.SignedHeirNaming(
            HeirNamingId.wrap(_word(v, ".message.naming")),
            _address(v, ".signer"),
            _address(v, ".message.heir"),
            uint64(_number(v, ".message.deadlineUnixS")),
            _word(v, ".r"),
            _word(v, ".vs")
        );
    }

    function _error(string memory v) private view returns (bytes4) {
        string memory name = _text(v, ".solidity");
        if (_same(name, "SignedActsWrongSigner")) return ISignedActs.SignedActsWrongSigner.selector;
        if (_same(name, "SignedActsExpired")) return ISignedActs.SignedActsExpired.selector;
        if (_same(name, "TimeBankAlreadyDone")) return ITimeBank.TimeBankAlreadyDone.selector;
        assertEq(name, "", "an error that this test does not know");
        return 0;
    }

    /// @dev A contract of another version cannot be made.
    function _isVersion1(string memory v) private view returns (bool) {
        return _same(_text(v, ".domain.version"), "1");
    }

    // --- Reading the file; a vector is the path of its entry

    function _at(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }

    function _field(uint256 i, string memory part) private pure returns (string memory) {
        return string.concat(".fields[", vm.toString(i), "]", part);
    }

    function _has(string memory v, string memory key) private view returns (bool) {
        return vm.keyExistsJson(_json, string.concat(v, key));
    }

    function _text(string memory v, string memory key) private view returns (string memory) {
        return vm.parseJsonString(_json, string.concat(v, key));
    }

    function _word(string memory v, string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, string.concat(v, key));
    }

    function _number(string memory v, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(_json, string.concat(v, key));
    }

    function _address(string memory v, string memory key) private view returns (address) {
        return vm.parseJsonAddress(_json, string.concat(v, key));
    }

    function _same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
