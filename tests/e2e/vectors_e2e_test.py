"""The vectors of the semantics, asked through the command line: it gives the answers of the library."""

import json
import os
import unittest

from programs import ProgramTest, run_mpreg

GOLDEN = os.path.join(os.path.dirname(__file__), "..", "golden")


def load(name):
    with open(os.path.join(GOLDEN, name), encoding="utf-8") as file:
        return json.load(file)


class VectorsTest(ProgramTest):
    def ask(self, questions, *arguments):
        """One answer for each question."""
        done = run_mpreg(*arguments, stdin="".join(json.dumps(q) + "\n" for q in questions))
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(questions))
        return answers

    def test_match_answers_every_case(self):
        cases = load("topic_match.json")["cases"]
        answers = self.ask([[c["pattern"], c["topic"]] for c in cases], "match", "--stdin")
        for case, answer in zip(cases, answers):
            self.assertEqual(answer, case["expected"], case)

    def test_match_with_check_refuses_what_is_not_admitted(self):
        vectors = load("topic_match.json")
        cases = [(c, [c["pattern"], "a"]) for c in vectors["pattern_validation"]]
        cases += [(c, ["#", c["topic"]]) for c in vectors["topic_validation"]]
        answers = self.ask([question for _, question in cases], "match", "--stdin", "--check")
        for (case, _), answer in zip(cases, answers):
            if case["valid"]:
                self.assertIsInstance(answer, bool, case)
            else:
                self.assertEqual(list(answer), ["error"], case)
                self.assertTrue(answer["error"], case)

    def test_match_with_check_answers_admissible_cases_as_without(self):
        cases = load("topic_match.json")["cases"]
        answers = self.ask([[c["pattern"], c["topic"]] for c in cases], "match", "--stdin", "--check")
        admitted = [(c, a) for c, a in zip(cases, answers) if isinstance(a, bool)]
        self.assertTrue(admitted)
        for case, answer in admitted:
            self.assertEqual(answer, case["expected"], case)

    def test_key_answers_every_case(self):
        cases = load("keys.json")["cases"]
        for case, answer in zip(cases, self.ask([c["input"] for c in cases], "key", "--stdin")):
            self.assertEqual(answer, case["expected"], case)

    def test_key_answers_every_variant(self):
        fields = {"with_cluster": "cluster_id", "with_region": "region", "with_partition": "partition_id"}
        cases = load("keys.json")["variants"]
        questions = [{**c["input"], fields[c["op"]]: c["arg"]} for c in cases]
        for case, answer in zip(cases, self.ask(questions, "key", "--stdin")):
            for name, value in case["expected"].items():
                self.assertEqual(answer[name], value, case)

    def test_key_keeps_apart_what_the_joined_text_does_not(self):
        for case in load("keys.json")["equality"]:
            a, b = self.ask([case["a"], case["b"]], "key", "--stdin")
            if case["equal"]:
                self.assertEqual(a, b, case)


class BrokenLinesTest(ProgramTest):
    def answers(self, text, *arguments):
        done = run_mpreg(*arguments, stdin=text)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_a_broken_line_is_answered_by_an_error_and_the_next_is_read(self):
        answers = self.answers('nonsense\n["a","a"]\n\n[1,"a"]\n["a"]\n["\\ud800","a"]\n["b.#","b"]\n',
                               "match", "--stdin")
        self.assertEqual([a if isinstance(a, bool) else list(a) for a in answers],
                         [["error"], True, ["error"], ["error"], ["error"], ["error"], True])

    def test_texts_with_nul_newline_and_non_bmp_characters_are_whole(self):
        text = "a\0b\nc\U0001f600"
        self.assertEqual(self.answers(json.dumps([text, text]) + "\n" + json.dumps([text, "a"]) + "\n",
                                      "match", "--stdin"), [True, False])
        (key,) = self.answers(json.dumps({"namespace": "n", "key": text, "cluster_id": "c"}), "key", "--stdin")
        self.assertEqual(key["local_key"], "n:" + text)

    def test_key_names_what_is_wrong_with_a_field(self):
        lines = ['[]', '{"namespace":"n","key":"k"}', '{"namespace":1,"key":"k","cluster_id":"c"}',
                 '{"namespace":"n","key":"k","cluster_id":"c","version":0}',
                 '{"namespace":"n","key":"k","cluster_id":"c","version":1.5}',
                 '{"namespace":"n","key":"k","cluster_id":"c","version":18446744073709551615}',
                 '{"namespace":"n","key":"k","cluster_id":"c","colour":"red"}']
        errors = [answer["error"] for answer in self.answers("\n".join(lines), "key", "--stdin")]
        self.assertEqual(errors, ["not_an_object", "empty_cluster", "bad_namespace", "bad_version", "bad_version",
                                  "bad_version", "unknown_field"])


if __name__ == "__main__":
    unittest.main()
