import TraceCore

/// A lock's place in a ``LockTable``: state about locks lies in flat arrays.
struct LockIndex: Hashable, BitwiseCopyable {
  var rawValue: UInt32
}

/// Which locks there are, by address.
struct LockTable: ~Copyable {
  private var indices = LockMap<LockIndex>()
  private var addresses = FlatArray<LockAddress>()

  var count: Int {
    @inline(__always) get { addresses.count }
  }

  subscript(lock: LockIndex) -> LockAddress { addresses[Int(lock.rawValue)] }

  /// All addresses, by index.
  func all() -> [LockAddress] { addresses.indices.map { addresses[$0] } }

  /// The lock at an address; made at first sight.
  mutating func index(of address: LockAddress) -> LockIndex {
    if let known = indices[address] { return known }
    let index = LockIndex(rawValue: UInt32(addresses.count))
    indices[address] = index
    addresses.append(address)
    return index
  }
}
