/** As whoever runs the tests. */
import { turnAnswers } from "./turn-answers.ts";

turnAnswers();
