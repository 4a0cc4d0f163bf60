/** As whoever runs the tests. */
import { brokerAnswers } from "./broker-answers.ts";

brokerAnswers();
