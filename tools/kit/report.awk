# Makes a report of what ./check has written down: facts, a line each, and the logs that they name.
#   LC_ALL=C awk -v form=json|md -v devices=FILE -f report.awk facts.tsv
#   LC_ALL=C awk -v form=line -v only=SUITE -f report.awk facts.tsv       one suite in a few lines

BEGIN {
    FS = "\t"
    for (at = 1; at < 256; at++) ord[sprintf("%c", at)] = at
    replacement = "\357\277\275"
}

# --- Texts ------------------------------------------------------------------------------------------------------------

# Bytes of the character that begins at a place: 0 where there is none in UTF-8.
function width(text, at,    first, second, bytes, next_at) {
    first = ord[substr(text, at, 1)]
    if (first < 128) return 1
    bytes = first >= 194 && first < 224 ? 2 : first >= 224 && first < 240 ? 3 : first >= 240 && first < 245 ? 4 : 0
    for (next_at = 1; next_at < bytes; next_at++) {
        second = ord[substr(text, at + next_at, 1)]
        if (second < 128 || second > 191) return 0
        # Longer than need be, half of a pair, or past the last character.
        if (next_at == 1 && (first == 224 && second < 160 || first == 237 && second > 159 || first == 240 && second < 144 || first == 244 && second > 143)) return 0
    }
    return bytes
}

# A text as a JSON string.
function q(text,    out, at, letter, bytes) {
    out = ""
    for (at = 1; at <= length(text); at += bytes) {
        bytes = width(text, at)
        letter = substr(text, at, bytes)
        if (bytes == 0) { letter = replacement; bytes = 1 }
        else if (letter == "\"" || letter == "\\") letter = "\\" letter
        else if (letter == "\n") letter = "\\n"
        else if (bytes == 1 && (ord[letter] < 32 || ord[letter] == 127)) letter = sprintf("\\u%04x", ord[letter])
        out = out letter
    }
    return "\"" out "\""
}

# A JSON string, without its quotes, as a text.
function unquoted(text,    out, at, letter) {
    out = ""
    for (at = 1; at <= length(text); at++) {
        letter = substr(text, at, 1)
        if (letter == "\\") {
            letter = substr(text, ++at, 1)
            if (letter == "n") letter = "\n"
            else if (letter == "t") letter = " "
            else if (letter == "r") letter = ""
            else if (letter == "u") { letter = "?"; at += 4 }
        }
        out = out letter
    }
    return out
}

# A number as JSON has it, or null.
function num(text) {
    gsub(/[ ,%]/, "", text)
    return text ~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/ ? text : "null"
}

# A text as a cell of a table.
function cell(text) {
    gsub(/\|/, "\\|", text)
    gsub(/[\n\r\t]/, " ", text)
    return text
}

function trim(text) {
    sub(/^ +/, "", text)
    sub(/ +$/, "", text)
    return text
}

function slurp(file,    line, all) {
    all = ""
    while ((getline line < file) > 0) all = all line "\n"
    close(file)
    return all
}

# --- What is known ----------------------------------------------------------------------------------------------------

$1 == "meta" { metas++; meta_table[metas] = $2; meta_key[metas] = $3; meta[$2, $3] = $4 }
$1 == "run" { run[$2] = $3 }
$1 == "part" { problem($2 " " $3 ": " $4) }
$1 == "crash" {
    crashes[$2]++
    failure($2, unquoted($3), $4)
}
$1 == "suite" { suites++; suite[suites] = $2; suite_code[suites] = $3; suite_end[suites] = $4; suite_seconds[suites] = $5; read_suite($2, $6) }
$1 == "tune" {
    tunes++
    tune_net[tunes] = $2; tune_rule[tunes] = $3; tune_end[tunes] = $5; tune_text[tunes] = slurp($6)
    if ($4 != 0) problem("tune " $2 " " $5 because($7))
}
$1 == "bench" {
    if ($3 != 0) problem("bench " $2 " " $4 because($6))
    read_bench($2, $5)
}
$1 == "train" {
    trains++
    train_rule[trains] = $2; train_batch[trains] = $3; train_end[trains] = $5; train_seconds[trains] = $6
    read_train(trains, $7)
    if ($4 != 124 && $4 != 0 || train_steps[trains] == "") problem("training by " $2 " " $5 because(train_last[trains]))
}

function problem(text) { problems++; problem_text[problems] = text }

function because(text) { return trim(text) == "" ? "" : ": " trim(text) }

function failure(name, trial, text) {
    failures++
    failure_suite[failures] = name; failure_trial[failures] = trial; failure_text[failures] = text
}

# The trials of a suite, from libtest's JSON.
function read_suite(name, file,    line, at, trial, rest) {
    passed[name] = failed[name] = ignored[name] = announced[name] = whole[name] = 0
    while ((getline line < file) > 0) {
        if (index(line, "{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": ") == 1) {
            sub(/.*"test_count": /, "", line); sub(/ .*/, "", line)
            announced[name] = line + 0
        } else if (index(line, "{ \"type\": \"suite\"") == 1) {
            whole[name] = 1
        } else if (index(line, "{ \"type\": \"test\", \"name\": \"") == 1) {
            line = substr(line, length("{ \"type\": \"test\", \"name\": \"") + 1)
            at = index(line, "\", \"event\": \"")
            trial = substr(line, 1, at - 1)
            rest = substr(line, at + length("\", \"event\": \""))
            if (rest ~ /^ok"/) passed[name]++
            else if (rest ~ /^ignored"/) ignored[name]++
            else {
                failed[name]++
                sub(/^failed", "stdout": "Error: \\"/, "", rest)
                sub(/\\"\\n" }$/, "", rest)
                failure(name, unquoted(trial), unquoted(rest))
            }
        }
    }
    close(file)
    failed[name] += crashes[name]
    unfinished[name] = announced[name] - passed[name] - failed[name] - ignored[name] + crashes[name]
    if (unfinished[name] < 0) unfinished[name] = 0
}

# Whether a suite shows what it should: something ran, nothing failed, and nothing is left out but by --quick.
function passes(name) {
    return passed[name] > 0 && failed[name] == 0 && (whole[name] || run["quick"] == "true" && cut[name])
}

# Ceilings, kernels and steps, from what the bench printed.
function read_bench(label, file,    line, n, part, at, name, lines) {
    lines = 0
    while ((getline line < file) > 0) {
        n = split(line, part, / +/)
        if (part[1] == "ceilings:") {
            ceilings++
            ceiling_at[ceilings] = label
            ceiling_fma[ceilings] = after(line, "multiply-add probe ")
            ceiling_copy[ceilings] = after(line, "copy probe ")
            ceiling_product[ceilings] = after(line, "product probe ")
        } else if (part[1] == "train_step") {
            steps++
            step[steps] = substr(line, 1, index(line, ":") - 1)
            line = substr(line, index(line, ":") + 1)
            step_ms[steps] = before(line, " ms"); step_images[steps] = before(line, " images/s"); step_gflops[steps] = before(line, " GFLOP/s")
            lines++
        } else if ((at = index(line, " FAILED: ")) > 0) {
            kernels++
            kernel[kernels] = part[1]; kernel_variant[kernels] = part[2]
            kernel_error[kernels] = substr(line, at + length(" FAILED: "))
            n = split(substr(line, 1, at - 1), part, / +/)
            kernel_batch[kernels] = part[n]; kernel_problem[kernels] = words(part, 3, n - 1)
            problem("kernel " part[1] " " part[2] ", " kernel_problem[kernels] ": " kernel_error[kernels])
        } else if (part[1] != "kernel" && part[1] != "device:" && n >= 10 && part[n] ~ /%$/) {
            kernels++
            kernel[kernels] = part[1]; kernel_variant[kernels] = part[2]; kernel_error[kernels] = ""
            kernel_copy[kernels] = part[n]; kernel_gb[kernels] = part[n - 1]; kernel_product[kernels] = part[n - 2]
            kernel_fma[kernels] = part[n - 3]; kernel_gflops[kernels] = part[n - 4]; kernel_ms[kernels] = part[n - 5]
            kernel_batch[kernels] = part[n - 6]; kernel_problem[kernels] = words(part, 3, n - 7)
        }
    }
    close(file)
    if (label ~ /^train_step/ && !lines) {
        steps++
        step[steps] = label; step_ms[steps] = step_images[steps] = step_gflops[steps] = ""
    }
}

function words(part, from, to,    at, text) {
    text = part[from]
    for (at = from + 1; at <= to; at++) text = text " " part[at]
    return text
}

# The number behind a text, and the one before it.
function after(line, text,    at) {
    at = index(line, text)
    if (!at) return ""
    line = substr(line, at + length(text))
    sub(/ .*/, "", line)
    return line
}
function before(line, text,    at) {
    at = index(line, text)
    if (!at) return ""
    line = substr(line, 1, at - 1)
    sub(/.* /, "", line)
    gsub(/,/, "", line)
    return line
}

# Steps and speed of a training, from its log: of its last epoch, or of what it had done of the first.
function read_train(at, file,    line, of) {
    train_steps[at] = train_images[at] = train_of[at] = train_error[at] = train_last[at] = ""
    while ((getline line < file) > 0) {
        if (line ~ /^hebb: epoch / && index(line, " images/s")) {
            of = line ~ /^hebb: epoch [0-9]*\/[0-9]* step/ ? "an epoch so far" : "a whole epoch"
            if (of == "a whole epoch" || train_of[at] != "a whole epoch") {
                train_images[at] = before(line, " images/s")
                train_of[at] = of
            }
            if (index(line, "validation loss")) {
                sub(/.*validation loss [^ ]* error /, "", line); sub(/;.*/, "", line)
                train_error[at] = line
            }
        } else if (line ~ /stopped after step /) {
            train_steps[at] = after(line, "stopped after step ")
            gsub(/,/, "", train_steps[at])
        }
        train_last[at] = line
    }
    close(file)
}

# --- Reports ----------------------------------------------------------------------------------------------------------

END {
    all_pass = run["stopped"] != "true"
    for (at = 1; at <= suites; at++) {
        name = suite[at]
        cut[name] = suite_code[at] == 124
        if (!passes(name)) {
            all_pass = 0
            if (!failed[name]) problem("suite " name " " suite_end[at] (passed[name] ? "" : ", no trial passed"))
        }
        total_passed += passed[name]; total_failed += failed[name]
        total_ignored += ignored[name]; total_unfinished += unfinished[name]
    }
    if (run["stopped"] == "true") problem("stopped before its end by a signal")
    if (form == "line") line_report()
    else if (form == "json") json_report()
    else md_report()
}

function counts(a, b, c, d) {
    return a " passed, " b " failed, " c " ignored" (d ? ", " d " not run" : "")
}

function line_report(    at) {
    for (at = 1; at <= suites; at++) if (suite[at] == only) {
        print "   " counts(passed[only] + 0, failed[only] + 0, ignored[only] + 0, unfinished[only]) "; " suite_end[at] " (" suite_seconds[at] " s)"
    }
    for (at = 1; at <= failures; at++) if (failure_suite[at] == only) print "   FAILED " failure_trial[at] ": " failure_text[at]
}

# Fields of a JSON object: a comma before all but the first.
function put(first, key, value) { printf "%s%s: %s", first ? "" : ", ", q(key), value }
function row(first) { printf "%s\n    {", first ? "" : "," }

function json_report(    at, table, list) {
    print "{"
    printf "  \"passes\": %s,\n", all_pass ? "true" : "false"
    printf "  \"passed\": %d, \"failed\": %d, \"ignored\": %d, \"not_run\": %d,\n", total_passed, total_failed, total_ignored, total_unfinished
    printf "  \"date\": %s, \"seconds\": %s, \"quick\": %s, \"stopped\": %s, \"parts\": %s,\n", q(run["date"]), num(run["seconds"]), run["quick"], run["stopped"], q(run["parts"])
    split("kit device system", list, " ")
    for (table = 1; table <= 3; table++) {
        printf "  %s: {", q(list[table])
        first = 1
        for (at = 1; at <= metas; at++) if (meta_table[at] == list[table]) {
            put(first, meta_key[at], q(meta[meta_table[at], meta_key[at]]))
            first = 0
        }
        print "},"
    }
    devices_text = trim(slurp(devices))
    sub(/\n$/, "", devices_text)
    printf "  \"devices\": %s,\n", devices_text == "" ? "null" : devices_text
    printf "  \"problems\": ["
    for (at = 1; at <= problems; at++) printf "%s\n    %s", (at > 1 ? "," : ""), q(problem_text[at])
    print "],"
    printf "  \"suites\": ["
    for (at = 1; at <= suites; at++) {
        name = suite[at]
        row(at == 1)
        put(1, "suite", q(name)); put(0, "passes", passes(name) ? "true" : "false"); put(0, "end", q(suite_end[at]))
        put(0, "passed", passed[name] + 0); put(0, "failed", failed[name] + 0); put(0, "ignored", ignored[name] + 0)
        put(0, "not_run", unfinished[name] + 0); put(0, "seconds", num(suite_seconds[at]))
        printf "}"
    }
    print "],"
    printf "  \"failures\": ["
    for (at = 1; at <= failures; at++) {
        row(at == 1)
        put(1, "suite", q(failure_suite[at])); put(0, "trial", q(failure_trial[at])); put(0, "text", q(failure_text[at]))
        printf "}"
    }
    print "],"
    printf "  \"tuning\": ["
    for (at = 1; at <= tunes; at++) {
        row(at == 1)
        put(1, "network", q(tune_net[at])); put(0, "rule", q(tune_rule[at])); put(0, "end", q(tune_end[at])); put(0, "text", q(tune_text[at]))
        printf "}"
    }
    print "],"
    printf "  \"ceilings\": ["
    for (at = 1; at <= ceilings; at++) {
        row(at == 1)
        put(1, "beside", q(ceiling_at[at])); put(0, "multiply_add_gflops", num(ceiling_fma[at]))
        put(0, "product_gflops", num(ceiling_product[at])); put(0, "copy_gbytes", num(ceiling_copy[at]))
        printf "}"
    }
    print "],"
    printf "  \"kernels\": ["
    for (at = 1; at <= kernels; at++) {
        row(at == 1)
        put(1, "kernel", q(kernel[at])); put(0, "variant", q(kernel_variant[at])); put(0, "problem", q(kernel_problem[at])); put(0, "batch", num(kernel_batch[at]))
        put(0, "ms", num(kernel_ms[at])); put(0, "gflops", num(kernel_gflops[at])); put(0, "percent_of_multiply_add", num(kernel_fma[at]))
        put(0, "percent_of_product", num(kernel_product[at])); put(0, "gbytes", num(kernel_gb[at])); put(0, "percent_of_copy", num(kernel_copy[at]))
        put(0, "error", kernel_error[at] == "" ? "null" : q(kernel_error[at]))
        printf "}"
    }
    print "],"
    printf "  \"steps\": ["
    for (at = 1; at <= steps; at++) {
        row(at == 1)
        put(1, "step", q(step[at])); put(0, "ms", num(step_ms[at])); put(0, "images_per_second", num(step_images[at])); put(0, "gflops", num(step_gflops[at]))
        printf "}"
    }
    print "],"
    printf "  \"trainings\": ["
    for (at = 1; at <= trains; at++) {
        row(at == 1)
        put(1, "network", q("deepernet")); put(0, "rule", q(train_rule[at])); put(0, "batch", num(train_batch[at])); put(0, "end", q(train_end[at]))
        put(0, "seconds", num(train_seconds[at])); put(0, "steps", num(train_steps[at])); put(0, "images_per_second", num(train_images[at]))
        put(0, "speed_of", q(train_of[at])); put(0, "validation_error", num(train_error[at]))
        printf "}"
    }
    print "]"
    print "}"
}

function fenced(text) { printf "```\n%s%s```\n", text, text ~ /\n$/ ? "" : "\n" }

function md_report(    at, shown) {
    printf "# hebb on %s\n\n", meta["device", "name"]
    printf "**parity and network: %s**\n\n", counts(total_passed + 0, total_failed + 0, total_ignored + 0, total_unfinished)
    print "| | |\n|---|---|"
    for (at = 1; at <= metas; at++) printf "| %s: %s | %s |\n", meta_table[at], meta_key[at], cell(meta[meta_table[at], meta_key[at]])
    printf "| date | %s, %s s%s |\n| parts | %s |\n", run["date"], run["seconds"], run["quick"] == "true" ? ", quick" : "", run["parts"]
    if (problems) {
        print "\n## What went wrong or was cut off\n"
        for (at = 1; at <= problems; at++) print "- " cell(problem_text[at])
    }
    if (suites) {
        print "\n## Suites\n\n| suite | passed | failed | ignored | not run | end |\n|---|---|---|---|---|---|"
        for (at = 1; at <= suites; at++) {
            name = suite[at]
            printf "| %s | %d | %d | %d | %d | %s (%s s) |\n", name, passed[name], failed[name], ignored[name], unfinished[name], suite_end[at], suite_seconds[at]
        }
    }
    if (failures) {
        print "\n## Failures\n"
        shown = failures > 50 ? 50 : failures
        for (at = 1; at <= shown; at++) {
            printf "%s: %s\n", failure_suite[at], failure_trial[at]
            fenced(failure_text[at])
        }
        if (shown < failures) printf "%d more are in report.json.\n", failures - shown
    }
    if (tunes) print "\n## Tuning\n"
    for (at = 1; at <= tunes; at++) {
        printf "%s %s: %s\n", tune_net[at], tune_rule[at], tune_end[at]
        fenced(tune_text[at])
    }
    if (ceilings) {
        print "\n## Ceilings\n\n| beside | multiply-add GFLOP/s | product GFLOP/s | copy GB/s |\n|---|---|---|---|"
        for (at = 1; at <= ceilings; at++) printf "| %s | %s | %s | %s |\n", ceiling_at[at], ceiling_fma[at], ceiling_product[at], ceiling_copy[at]
    }
    if (kernels) {
        print "\n## Kernels\n\n| kernel | variant | problem | batch | ms | GFLOP/s | of multiply-add | of product | GB/s | of copy |\n|---|---|---|---|---|---|---|---|---|---|"
        for (at = 1; at <= kernels; at++) {
            printf "| %s | %s | %s | %s |", kernel[at], kernel_variant[at], cell(kernel_problem[at]), kernel_batch[at]
            if (kernel_error[at] != "") printf " FAILED: %s | | | | | |\n", cell(kernel_error[at])
            else printf " %s | %s | %s | %s | %s | %s |\n", kernel_ms[at], kernel_gflops[at], kernel_fma[at], kernel_product[at], kernel_gb[at], kernel_copy[at]
        }
    }
    if (steps) {
        print "\n## Steps\n\n| step | ms | images/s | GFLOP/s |\n|---|---|---|---|"
        for (at = 1; at <= steps; at++) {
            if (step_ms[at] == "") printf "| %s | none | | |\n", step[at]
            else printf "| %s | %s | %s | %s |\n", step[at], step_ms[at], step_images[at], step_gflops[at]
        }
    }
    if (trains) {
        print "\n## Trainings\n\ndeepernet on the built-in images, a fixed time each.\n\n| rule | batch | steps | images/s | of | validation error | end |\n|---|---|---|---|---|---|---|"
        for (at = 1; at <= trains; at++) printf "| %s | %s | %s | %s | %s | %s | %s |\n", train_rule[at], train_batch[at], train_steps[at] == "" ? "none" : train_steps[at], train_images[at], train_of[at], train_error[at], train_end[at]
    }
}
