extension UnsafeRawBufferPointer {
  /// Where a short text is first.
  func firstPlace(of text: String) -> Int? {
    let wanted = Array(text.utf8)
    guard let first = wanted.first, count >= wanted.count else { return nil }
    for place in 0...(count - wanted.count) where self[place] == first {
      if self[place..<place + wanted.count].elementsEqual(wanted) { return place }
    }
    return nil
  }
}
