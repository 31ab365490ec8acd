import TraceCore

/// A lock's place in a ``LockTable``: state about locks lies in flat arrays.
struct LockIndex: Hashable, BitwiseCopyable {
  var rawValue: UInt32
}

/// Which locks there are, by address.
struct LockTable: ~Copyable {
  /// An address and its index; the same few locks come again and again, and hashing them safely costs more than the rest.
  private struct Recent {
    var address = LockAddress(0)
    var index = LockIndex(rawValue: .max)
  }

  private var indices: [LockAddress: LockIndex] = [:]
  private var addresses = FlatArray<LockAddress>()
  private var recent = InlineArray<64, Recent>(repeating: Recent())

  var count: Int { addresses.count }

  subscript(lock: LockIndex) -> LockAddress { addresses[Int(lock.rawValue)] }

  /// All addresses, by index.
  func all() -> [LockAddress] { addresses.indices.map { addresses[$0] } }

  /// The lock at an address; made at first sight.
  mutating func index(of address: LockAddress) -> LockIndex {
    // Locks lie at multiples of their size: a multiplication spreads them over the top six bits (Knuth, TAOCP 3, 6.4).
    let place = Int((address.rawValue &* 0x9e37_79b9_7f4a_7c15) >> 58)
    if recent[place].address == address, recent[place].index.rawValue != .max { return recent[place].index }
    var index = LockIndex(rawValue: UInt32(addresses.count))
    if let known = indices[address] {
      index = known
    } else {
      indices[address] = index
      addresses.append(address)
    }
    recent[place] = Recent(address: address, index: index)
    return index
  }
}
