import Glibc
import TraceCore

/// Reads a text with two hands: the thread that wants the events, and another one.
///
/// The text is cut into pieces at line ends. Each hand takes the next piece that nobody has taken, and makes a batch of it by
/// itself; ``TextReader/join(_:)`` makes one text of them. What cannot be read so (losses, lines without end, more kinds of
/// event than there are) ends the stream, and the text is begun anew (``TextReader/restart()``).
///
/// Unchecked: `lock` guards what is marked so. A piece is its hand's from when it is taken until it is read, and then that of
/// the thread that wants the events, whose is all else.
final class TextTeam: BatchSource, @unchecked Sendable {
  private static let pieceCount = 6

  private let reader: UnsafeMutablePointer<CaptureReader>
  private let text: UnsafeMutablePointer<TextReader>
  private var hasReader = true
  private let hands: [TextHand]
  private let pieces: [TextPiece]
  private let worker = Worker()
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocateLines(capacity: 1)
  private let change = UnsafeMutablePointer<pthread_cond_t>.allocateLines(capacity: 1)

  // Guarded by the lock.
  private var source: TextSource
  /// Pieces are numbered in the text's order. Those before `taken` are in somebody's hands or read, those before `done`
  /// have been done with.
  private var taken = 0
  private var done = 0
  private var isRead = [Bool](repeating: false, count: TextTeam.pieceCount)
  private var isAtEnd = false

  // Of the thread that wants the events.
  private var holdsPiece = false
  private var isOver = false
  private(set) var takenNames: [TaskName] = []
  private(set) var takenProgress = 0.0

  /// - Parameter pieceSize: In bytes; half of a window at most.
  /// - Returns: `nil`, and the reader stays where it is, where it reads no text, or one that cannot be cut into pieces.
  init?(_ reader: UnsafeMutablePointer<CaptureReader>, pieceSize: Int) {
    guard let text = reader.pointee.textReader, text.pointee.isDivisible else { return nil }
    (self.reader, self.text) = (reader, text)
    source = text.pointee.makeSource()
    hands = [text.pointee.makeHand(), text.pointee.makeHand()]
    pieces = (0..<Self.pieceCount).map { _ in TextPiece(size: pieceSize) }
    pthread_mutex_init(lock, nil)
    pthread_cond_init(change, nil)
    worker.start { self.help() }
  }

  deinit {
    end()
    pthread_cond_destroy(change)
    pthread_mutex_destroy(lock)
    change.deallocate()
    lock.deallocate()
    if hasReader { reader.deinitialize(count: 1) }
    reader.deallocate()
  }

  // MARK: Both hands

  /// The next piece that nobody has taken, if there is one and it may be taken. With the lock.
  private func takePiece() -> Int? {
    guard !isAtEnd, taken - done < Self.pieceCount else { return nil }
    let piece = pieces[taken % Self.pieceCount]
    guard piece.fill(&source) else {
      isAtEnd = true
      return nil
    }
    isAtEnd = piece.isGivenUp
    isRead[taken % Self.pieceCount] = false
    taken += 1
    return taken - 1
  }

  /// Reads a piece. Without the lock, which it has afterwards.
  private func read(_ number: Int, by hand: TextHand) {
    let piece = pieces[number % Self.pieceCount]
    piece.read(by: hand)
    pthread_mutex_lock(lock)
    isRead[number % Self.pieceCount] = true
    if piece.isGivenUp { isAtEnd = true }
    pthread_cond_broadcast(change)
  }

  private func help() {
    pthread_mutex_lock(lock)
    while !isAtEnd {
      guard let number = takePiece() else {
        if !isAtEnd { pthread_cond_wait(change, lock) }
        continue
      }
      pthread_mutex_unlock(lock)
      read(number, by: hands[1])
    }
    pthread_cond_broadcast(change)
    pthread_mutex_unlock(lock)
  }

  // MARK: The thread that wants the events

  func take() -> EventBatch? {
    if isOver { return nil }
    pthread_mutex_lock(lock)
    if holdsPiece {
      holdsPiece = false
      done += 1
      pthread_cond_broadcast(change)
    }
    while done == taken || !isRead[done % Self.pieceCount] {
      if let number = takePiece() {
        pthread_mutex_unlock(lock)
        read(number, by: hands[0])
      } else if done == taken {
        pthread_mutex_unlock(lock)
        return nil
      } else {
        pthread_cond_wait(change, lock)
      }
    }
    let piece = pieces[done % Self.pieceCount]
    pthread_mutex_unlock(lock)
    holdsPiece = true
    text.pointee.join(piece)
    (takenNames, takenProgress) = (piece.names, text.pointee.progress)
    isOver = piece.isGivenUp
    return piece.batch
  }

  /// Stops the other hand.
  func end() {
    pthread_mutex_lock(lock)
    isAtEnd = true
    pthread_cond_broadcast(change)
    pthread_mutex_unlock(lock)
    worker.join()
  }

  func takeReader() -> CaptureReader {
    precondition(hasReader, "the reader was taken twice")
    end()
    text.pointee.joinEnds(hands)
    hasReader = false
    return reader.move()
  }
}
