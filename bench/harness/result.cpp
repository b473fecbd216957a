// Summaries over rounds (see result.hpp).
#include "result.hpp"

#include <algorithm>

namespace bench {

namespace {

std::vector<metric_summary> summarise_metrics(const std::vector<measurement>& rounds) {
  std::vector<metric_summary> summaries;
  for (const auto& wanted : rounds.front().metrics) {
    std::vector<double> values;
    for (const auto& round : rounds) {
      for (const auto& each : round.metrics) {
        if (each.name == wanted.name) values.push_back(each.value);
      }
    }
    summaries.push_back({wanted.name, spread_of(std::move(values))});
  }
  return summaries;
}

std::vector<curve_point> median_curve(const std::vector<measurement>& rounds) {
  auto curve = rounds.front().curve;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    std::vector<double> values;
    for (const auto& round : rounds) {
      if (i < round.curve.size()) values.push_back(round.curve[i].value);
    }
    curve[i].value = spread_of(std::move(values)).median;
  }
  return curve;
}

}  // namespace

const spread* result::find(std::string_view metric) const {
  for (const auto& each : metrics) {
    if (each.name == metric) return &each.over_rounds;
  }
  return nullptr;
}

result summarise(const row& subject, const std::vector<measurement>& rounds) {
  result summary;
  summary.subject = subject;
  for (const auto& round : rounds) {
    if (summary.failure.empty()) summary.failure = round.failure;
  }
  // What went wrong once may have been wrong every time: a failed row shows no figures at all.
  if (!summary.verified()) return summary;
  summary.metrics = summarise_metrics(rounds);
  summary.curve = median_curve(rounds);
  return summary;
}

void add_ratios(std::vector<result>& results) {
  for (auto& peer : results) {
    if (peer.subject.runtime == "dwell" || peer.metrics.empty()) continue;
    for (const auto& ours : results) {
      if (ours.subject.runtime != "dwell" || ours.metrics.empty()) continue;
      if (ours.subject.problem() != peer.subject.problem()) continue;
      // The first of the rows that differ in a knob has the default.
      const auto base = ours.metrics.front().over_rounds.median;
      if (base > 0) peer.ratio_to_dwell = peer.metrics.front().over_rounds.median / base;
      break;
    }
  }
}

const result* find_result(const std::vector<result>& results, std::string_view runtime,
                          std::string_view workload,
                          const std::vector<std::pair<std::string, std::string>>& params) {
  for (const auto& each : results) {
    if (each.subject.runtime != runtime || each.subject.workload != workload) continue;
    const bool fits = std::all_of(params.begin(), params.end(), [&](const auto& wanted) {
      return each.subject.has(wanted.first, wanted.second);
    });
    if (fits) return &each;
  }
  return nullptr;
}

}  // namespace bench
