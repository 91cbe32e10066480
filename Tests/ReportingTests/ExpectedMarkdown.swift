/// What `TinyReport` prints; two spaces at a line's end are Markdown's line break.
let expectedMarkdown = #"""
  # A tiny table

  It says *little*.

  Table 0 (CPT) · tier `mini` · data seed 0 · seeds 0..3  
  checked 1 of 3: 1 agrees, 2 new  
  Numbers and verdicts are about the procedural stand-in data, not the paper's data sets.

  | verdict      | claim     |
  | :----------- | :-------- |
  | ✓ reproduced | b beats a |

  ## Runs

  Two rows.

  ``` swift
  let results = run()
  ```

  ## Result

  ``` swift
  notebook.show(table, "Two rows.")
  if results.isEmpty {
    notebook.note("Nothing.")
  }
  notebook.compare(results)
  notebook.claim("b beats a", .beats(["b"], ["a"], in: results))
  ```

  | Method |         accuracy [%] |
  | :----- | -------------------: |
  | A      |     51.50 ± 1.29 (4) |
  | B      | **52.54 ± 1.30 (4)** |

  Table 1. Two rows. Mean ± sample standard deviation (number of seeds).

  ![Two bars.](table-0-tiny/bars.svg)

  *Figure 1.* Accuracy; whiskers are 95 % intervals. ([PNG](table-0-tiny/bars.png))

  |                  |          paper |           golden |         this run | Δ paper | Δ golden | check    |
  | :--------------- | -------------: | ---------------: | ---------------: | ------: | -------: | :------- |
  | **accuracy [%]** |                |                  |                  |         |          |          |
  | A                |     50.1 (CPT) | 51.50 ± 1.29 (4) | 51.50 ± 1.29 (4) |    +1.4 |        0 | ✓ agrees |
  | B                | *not reported* |                – | 52.54 ± 1.30 (4) |       – |        – | + new    |

  Table 2. Paper, golden and this run: checked 1 of 2: 1 agrees, 1 new. Δ golden is the largest difference of equal seeds; "=" is within the paper's printed precision. The paper's numbers belong to its own data, not to the mini tier's. Mean ± sample standard deviation (number of seeds).

  > **✓ reproduced** · b beats a\
  > B − A, accuracy; effect +1.04 [+1.01, +1.06] points; n = 4; paired t, two-sided 5 %; smallest visible effect 0.03\
  > Paper: +1.0

  ``` swift
  private func run() -> [Int] {
    [1]
  }
  ```

  ## Provenance

  |        |     |
  | :----- | :-- |
  | commit | abc |

  Regenerate: `mope run table-0-tiny --tier mini --seeds 0..3 --data-seed 0` · source: [`Experiments/Tiny.swift`](../Experiments/Tiny.swift)

  Effects are paired by seed; intervals are 95 % t intervals of the mean difference. **Reproduced**: the whole interval lies beyond the claimed margin. **Direction only**: the whole interval lies on the side of an effect, not all of it beyond the margin. **Not reproduced**: the whole interval lies on the wrong side of the threshold. **Within noise**: none of these, this run cannot tell. When several comparisons must hold at once, the claim is reproduced if each one is, and the weakest is shown, with its 95 % interval; for "not reproduced" the level is divided by their number (Bonferroni), so that an interval that is shown on the wrong side may still be within noise. "Smallest visible effect" is what a paired t test at 5 % would have found with 80 % power.

  """#
