/** Twin of ../recall.ts. */

import type { RecallWords } from "../recall.ts";

export const recall: RecallWords = {
  network: "网络",
  kinds: { rnn: "循环网络", lstm: "LSTM", attention: "注意力" },
  task: {
    pairs: "“{asked}”问的是：和这个字母在一起的是哪个数字。三个网络为此受过同样的训练，读完序列后在结尾作答。",
    flag: "“{asked}”问的是：紧跟在标志“!”后面的是哪个数字。三个网络为此受过同样的训练，读完序列后在结尾作答。",
  },
  lanes: "每个网络的回答，以及每个词元对回答的影响",
  gradient: "回答对这个词元的梯度：{value}。",
  weight: "注意力的权重：{value}。",
  scale: "条越高，改变这个词元对回答的影响越大，按 10 的次方从 {least} 到 1；百分数是注意力的权重。",
  curves: {
    accuracy: "不同距离下的正确率",
    untrained: "不同距离下的梯度，未训练",
    trained: "不同距离下的梯度，训练后",
  },
  budget:
    "制作时测得：{steps} 步，每步 {batch} 个序列，每个长 {least} 到 {most} 个词元。乱猜的正确率是 {chance}。换一个训练量会得到不同的曲线。",
};
