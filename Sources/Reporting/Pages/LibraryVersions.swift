import CCMark
import CCairo

/// The versions of the libraries that draw and parse, for a report's provenance.
public enum LibraryVersions {
  /// "1.16.0".
  public static var cairo: String { String(cString: cairo_version_string()) }
  /// "0.30.2".
  public static var cmark: String { String(cString: cmark_version_string()) }
}
