/// The style sheet of the page: light and dark, narrow and wide, and paper.
enum ReportStyle {
  static let text = """
    :root {
      --ground: #ffffff; --raised: #f5f6f8; --ink: #1a1a1a; --faint: #595f69; --rule: #d9dce1;
      --link: #0b57a4; --good: #0f6b3c; --bad: #a3260f; --open: #6b5200; --none: #595f69;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #15171a; --raised: #1f2226; --ink: #e8e8e6; --faint: #a5abb5; --rule: #383d44;
        --link: #7db8f5; --good: #6fd09a; --bad: #ff9a85; --open: #e5c25a; --none: #a5abb5;
      }
    }
    * { box-sizing: border-box; }
    html { scroll-behavior: smooth; }
    body {
      margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--ground); color: var(--ink);
      font: 1rem/1.55 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: break-word;
    }
    h1, h2, h3, h4 { line-height: 1.25; margin: 2rem 0 .6rem; }
    h1 { margin-top: .5rem; }
    a { color: var(--link); }
    .shapes { position: absolute; width: 0; height: 0; }
    .skip { position: absolute; left: -99rem; }
    .skip:focus { left: 1rem; }
    section { border-top: 2px solid var(--rule); margin-top: 2.5rem; }
    p, li { max-width: 46rem; }
    code { font: .88em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
    pre {
      background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; padding: .8rem;
      overflow-x: auto;
    }
    blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid var(--rule); }
    .scroll { overflow-x: auto; margin: 1rem 0 .5rem; }
    table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
    td.trailing { white-space: nowrap; }
    details { margin: 1rem 0; }
    summary { cursor: pointer; }
    details.code summary { color: var(--faint); font-size: .9rem; }
    details.code pre { margin-top: .4rem; }
    details.claims td:nth-child(2) { min-width: 15rem; }
    details.claims td:nth-child(5) { min-width: 9rem; }
    th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
    thead th { border-bottom: 2px solid var(--faint); }
    tbody th { font-weight: 400; }
    tr.group th { font-weight: 600; text-align: left; padding-top: .9rem; }
    .leading { text-align: left; } .center { text-align: center; } .trailing { text-align: right; }
    .missing { color: var(--faint); font-style: italic; }
    figure { margin: 1.2rem 0; }
    figure svg { max-width: 100%; height: auto; border-radius: 6px; border: 1px solid var(--rule); }
    figcaption { color: var(--faint); font-size: .9rem; max-width: 46rem; }
    .claim {
      margin: 1rem 0; padding: .5rem 1rem; background: var(--raised); border-radius: 6px;
      border-left: 5px solid var(--none);
    }
    .claim p { margin: .3rem 0; }
    .evidence { color: var(--faint); font-size: .9rem; }
    .badge { font-weight: 600; color: var(--none); white-space: nowrap; }
    .claim.reproduced { border-color: var(--good); }
    .claim.not-reproduced { border-color: var(--bad); }
    .claim.within-noise, .claim.direction-only { border-color: var(--open); }
    .reproduced .badge, .badge.reproduced { color: var(--good); }
    .not-reproduced .badge, .badge.not-reproduced { color: var(--bad); }
    .within-noise .badge, .direction-only .badge,
    .badge.within-noise, .badge.direction-only { color: var(--open); }
    .cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }
    .card {
      display: flex; flex-direction: column; gap: .3rem; padding: .8rem; color: inherit;
      text-decoration: none; background: var(--raised); border: 1px solid var(--rule);
      border-radius: 6px;
    }
    .card:hover, .card:focus { border-color: var(--link); }
    .card .words { color: var(--faint); font-size: .85rem; }
    .card svg { width: 100%; height: 8rem; background: #fff; border-radius: 4px; }
    @page { margin: 16mm 14mm; }
    @media print {
      :root {
        --ground: #ffffff; --raised: #ffffff; --ink: #000000; --faint: #4a4f57; --rule: #b9bec6;
        --link: #000000; --good: #0f6b3c; --bad: #a3260f; --open: #6b5200; --none: #4a4f57;
        color-scheme: light;
      }
      html { font-size: 9.5pt; }
      body { max-width: none; padding: 0; }
      .skip, .card svg { display: none; }
      .card { break-inside: avoid; }
      section > h2:first-child { margin-top: 0; }
      p, li, figcaption { max-width: none; }
      section { break-before: page; border-top: 0; margin-top: 0; }
      h1, h2, h3, h4 { break-after: avoid; }
      figure, .claim, tr { break-inside: avoid; }
      figure:has(table) { break-inside: auto; }
      figure svg { max-height: 22cm; border: 0; }
      .claim { border: 1px solid var(--rule); border-left: 5px solid var(--none); }
      .scroll { overflow: visible; }
      pre { white-space: pre-wrap; font-size: 8pt; }
      /* Paper cannot be unfolded: what is folded on the screen is printed. */
      details::details-content { content-visibility: visible; height: auto; }
      details.code summary { display: none; }
    }
    """
}
