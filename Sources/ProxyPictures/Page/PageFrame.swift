import ProxyReport

/// The parts of a page that are the same in every page.
enum PageFrame {
  /// All up to the body's beginning. The policy forbids every request, should a name of the capture ever become markup.
  static func head(_ title: String, style: String = "") -> String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
    <meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
    <title>\(Markup.escape(title))</title>
    <link rel="icon" href="data:,">
    <style>
    \(SVGDrawing.style)\(String(decoding: PackageResources.page_css, as: UTF8.self))\(style)</style></head><body>
    <svg width="0" height="0" style="position:absolute" aria-hidden="true">\(SVGDrawing.patterns)</svg>

    """
  }

  /// What a comparison's page needs besides.
  static let compareStyle = String(decoding: PackageResources.compare_css, as: UTF8.self)

  /// The section of the picture, up to its title.
  static let picture = """
    <section id="sec"><div class="bar"><button id="zi" title="zoom in (+)">+</button><button id="zo" title="zoom out (-)">−</button>\
    <button id="zl" title="left (arrow)">←</button><button id="zr" title="right (arrow)">→</button>\
    <button id="za" title="all of it (0)">all</button>
    <button id="pp" title="previous picture (k)">‹ previous</button><button id="pn" title="next picture (j)">next ›</button>
    <label>from <input id="tf" size="16"></label> <label>to <input id="tt" size="16"></label>
    <label>find a task <input id="ff" size="14" placeholder="name or pid (/)"> <span id="fn"></span></label>
    <a id="ln" href="#">link to this range</a> <code id="cmd"></code></div>

    """

  /// The keys, below the picture.
  static let keys = """
    <p id="keys">Keys: <kbd>+</kbd> <kbd>−</kbd> zoom, <kbd>0</kbd> all, <kbd>←</kbd> <kbd>→</kbd> or drag to move, Ctrl and the wheel zoom \
    at the pointer; <kbd>j</kbd> <kbd>k</kbd> next and previous picture; <kbd>/</kbd> find a task, <kbd>Enter</kbd> its next picture. \
    The pointer shows figures and how they are known.</p>
    """

  /// Where the tables are shown.
  static let tables = """
    <section id="tab"><h2>Tables</h2><nav id="tn"></nav>
    <div class="bar"><label>rows with <input id="tq" size="28" placeholder="text, or column=text, or column&gt;number"></label>
    <span id="ti"></span></div>
    <div id="tw"><table id="tg"><thead></thead><tbody></tbody></table></div></section>

    """

  static let foot = """
    <div id="tip" hidden></div>
    <script>
    \(String(decoding: PackageResources.page_js, as: UTF8.self))</script></body></html>

    """
}
