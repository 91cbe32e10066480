import Determinism
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One HTTP request whose answer goes to a file as it arrives.
///
/// Everything happens on the session's own queue while `run` waits, so the state needs no lock.
final class Transfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  enum Outcome {
    case done
    /// The server has another file than the one that was begun.
    case changed
    /// What the server sends is not what was asked for; the reason.
    case refused(String)
    case status(Int)
    case lost(String)
  }

  private let url: URL
  private let descriptor: Int32
  private let knownTag: String?
  private let tagPath: String
  private let progress: @Sendable (Int, Int?) -> Void
  private let ended = DispatchSemaphore(value: 0)
  private var there: Int
  private var redirections = 0

  /// Bytes that were there before.
  let start: Int
  private(set) var outcome: Outcome?
  /// The length of the whole file, if the server says.
  private(set) var total: Int?
  /// The SHA-256 that the hub states for the file.
  private(set) var statedDigest: String?

  init(
    url: URL, descriptor: Int32, start: Int, knownTag: String?, tagPath: String,
    progress: @escaping @Sendable (Int, Int?) -> Void
  ) {
    self.url = url
    self.descriptor = descriptor
    self.start = start
    self.knownTag = knownTag
    self.tagPath = tagPath
    self.progress = progress
    there = start
  }

  /// Waits until all has arrived or the connection is lost.
  func run(patience: Double) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = patience
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: queue)
    session.dataTask(with: request(url)).resume()
    ended.wait()
    session.finishTasksAndInvalidate()
  }

  private func request(_ url: URL) -> URLRequest {
    var request = URLRequest(url: url)
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if start > 0 { request.setValue("bytes=\(start)-", forHTTPHeaderField: "Range") }
    return request
  }

  /// The hub sends large files from another host, and says here what they are.
  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
  ) {
    readDigest(response)
    redirections += 1
    guard let url = request.url, Self.isSafe(url), redirections <= 10 else {
      outcome = .refused(
        redirections > 10
          ? "it redirects without end"
          : "it redirects to \(request.url?.absoluteString ?? "nothing"), which is not https")
      return completionHandler(nil)
    }
    completionHandler(self.request(url))
  }

  /// Whether nobody on the way can change what arrives: https, or a server on this machine.
  static func isSafe(_ url: URL) -> Bool {
    url.scheme == "https" || url.scheme == "http" && ["127.0.0.1", "localhost", "::1"].contains(url.host)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    guard let response = response as? HTTPURLResponse else {
      outcome = .lost("expected an HTTP answer")
      return completionHandler(.cancel)
    }
    guard outcome == nil else { return completionHandler(.cancel) }
    readDigest(response)
    let tag = response.value(forHTTPHeaderField: "ETag") ?? ""
    if 200..<300 ~= response.statusCode,
      response.value(forHTTPHeaderField: "Content-Type")?.lowercased().hasPrefix("text/html") == true
    {
      return refuse(.refused("it sends a web page instead of the file; does it ask for an account?"), completionHandler)
    }
    switch response.statusCode {
    case 206:
      let range = response.value(forHTTPHeaderField: "Content-Range") ?? ""
      let numbers = range.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
      guard numbers.first == start, tag == knownTag else {
        return refuse(.changed, completionHandler)
      }
      total = numbers.count == 3 ? numbers[2] : nil
    case 200:
      there = 0
      total = response.expectedContentLength >= 0 ? Int(response.expectedContentLength) : nil
      guard ftruncate(descriptor, 0) == 0, (try? AtomicFile.write(tag, to: tagPath)) != nil else {
        return refuse(.lost("cannot write: \(String(cString: strerror(errno)))"), completionHandler)
      }
    case 416: return refuse(.changed, completionHandler)
    default: return refuse(.status(response.statusCode), completionHandler)
    }
    guard lseek(descriptor, off_t(there), SEEK_SET) >= 0 else {
      return refuse(.lost("cannot write: \(String(cString: strerror(errno)))"), completionHandler)
    }
    progress(there, total)
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    guard outcome == nil else { return }
    for region in data.regions {
      region.withUnsafeBytes { bytes in
        var offset = 0
        while offset < bytes.count {
          let written = write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
          if written < 0, errno == EINTR { continue }
          guard written > 0 else {
            outcome = .lost("cannot write: \(String(cString: strerror(errno))); is the disk full?")
            dataTask.cancel()
            return
          }
          offset += written
        }
        there += bytes.count
      }
    }
    progress(there, total)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    if outcome == nil {
      if let error {
        outcome = .lost("the connection was lost: \(error.localizedDescription)")
      } else if let total, there < total {
        outcome = .lost("the connection ended after \(there) of \(total) bytes")
      } else {
        outcome = .done
      }
    }
    ended.signal()
  }

  private func refuse(_ why: Outcome, _ handler: (URLSession.ResponseDisposition) -> Void) {
    outcome = why
    handler(.cancel)
  }

  private func readDigest(_ response: HTTPURLResponse) {
    let stated = response.value(forHTTPHeaderField: "X-Linked-Etag")?.filter { $0 != "\"" }
    if let stated, stated.count == 64, stated.allSatisfy(\.isHexDigit) {
      statedDigest = stated.lowercased()
    }
  }
}
