"""Answers requests, one JSON object a line, until standard input ends."""
import json
import os
import sys
import traceback


def serve(actions):
    """`actions`: functions by name; each takes the request's fields and returns the answer's."""
    # Whatever a library prints must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = actions[request.pop("do")](**request)
        except Exception:
            answer = {"error": traceback.format_exc(limit=-3)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
