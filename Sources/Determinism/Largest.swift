extension Collection where Element: Comparable {
  /// Where the largest element is, the first of equals; nil if there is none.
  public var indexOfLargest: Index? { indices.max { self[$0] < self[$1] } }
}
