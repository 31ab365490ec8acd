import CLinux
import Glibc
import TraceCore

// The CPUs' pages, on their way from their temporary files into the capture.
extension TraceDatFile {
  /// Half of the room that is kept: after each piece at least the other half is left.
  private static let piece = reserve / 2
  /// As many pages trace-cmd compresses in one go.
  private static let chunkPages = 10

  /// Takes over the CPUs' pages. What has been copied leaves its temporary file, so that both together take hardly more room
  /// than one.
  /// - Returns: The first error; what came before it is in the file.
  func put(pages: [CPUPages], clock: String) throws(CaptureError) -> CaptureError? {
    let start = position
    try append(head(.buffer, "buffer flyrecord", count: 0, isCompressed: compression != .none))
    var (table, problem): ([(cpu: Int, offset: Int, count: Int)], CaptureError?) = ([], nil)
    for cpu in pages where cpu.count > 0 {
      let padding = (pageSize - position % pageSize) % pageSize
      if padding > 0 { try append([UInt8](repeating: 0, count: padding)) }
      let offset = position
      let failed = compression == .none ? copy(cpu) : try compress(cpu)
      problem = problem ?? failed
      if position > offset { table.append((cpu.cpu, offset, position - offset)) }
    }
    var count: [UInt8] = []
    count.put(UInt64(position - start - 16))
    try overwrite(count, at: start + 8)
    var option: [UInt8] = []
    option.put(UInt64(start))
    option += [0] + Array(clock.utf8) + [0]
    option.put(UInt32(pageSize))
    option.put(UInt32(table.count))
    for (cpu, offset, size) in table {
      option.put(UInt32(cpu))
      option.put(UInt64(offset))
      option.put(UInt64(size))
    }
    put(option: .buffer, option)
    return problem
  }

  // MARK: As they are

  /// - Returns: Why it ended early; whole pages are in the file.
  private func copy(_ cpu: CPUPages) -> CaptureError? {
    let begin = position
    var copied = 0
    do throws(CaptureError) {
      while copied < cpu.fileCount {
        let count = try copyPiece(cpu, from: copied, min(Self.piece, cpu.fileCount - copied))
        cpu.discard(copied..<copied + count)
        copied += count
      }
      if !cpu.rest.isEmpty { try append(cpu.rest) }
      return nil
    } catch {
      position = begin + copied - copied % pageSize
      return error
    }
  }

  /// Shares the blocks where the file system can, copies in the kernel where it cannot, and else by hand.
  private func copyPiece(_ cpu: CPUPages, from offset: Int, _ wanted: Int) throws(CaptureError) -> Int {
    var (from, to) = (off_t(offset), off_t(position))
    let count = copy_file_range(cpu.file, &from, descriptor, &to, wanted, 0)
    if count > 0 {
      position += count
      return count
    }
    if count < 0, errno == ENOSPC || errno == EDQUOT || errno == EIO { throw .output(errno, path) }
    let block = try cpu.read(from: offset, wanted, path)
    try append(block)
    return block.count
  }

  // MARK: Compressed

  /// A count of chunks, and the chunks.
  /// - Returns: Why it ended early; whole chunks are in the file.
  /// - Throws: Where the count of those cannot be written.
  private func compress(_ cpu: CPUPages) throws(CaptureError) -> CaptureError? {
    let begin = position
    var (chunks, done): (UInt32, Int) = (0, 0)
    var problem: CaptureError?
    do throws(CaptureError) {
      try append([0, 0, 0, 0])
      while done < cpu.count {
        let plain = try cpu.read(from: done, min(pageSize * Self.chunkPages, cpu.count - done), path)
        try append(chunk(plain))
        chunks += 1
        cpu.discard(done..<done + plain.count)
        done += plain.count
      }
    } catch {
      problem = error
    }
    guard chunks > 0 else {
      position = begin
      return problem
    }
    var count: [UInt8] = []
    count.put(chunks)
    try overwrite(count, at: begin)
    return problem
  }
}
