import type { WebhookShape } from '../config/notify-options.ts';
import type { Message } from './message.ts';

/** What a request carries. */
export interface Content {
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Characters that these take of a text: Slack cuts at 40,000, Discord refuses above 2,000, ntfy above 4,096 bytes. */
const longest = { slack: 3_000, discord: 1_600, ntfy: 3_500 } as const;

const json = (value: unknown): Content => ({ type: 'application/json', body: JSON.stringify(value) });

/** What each kind of receiver wants to have. */
export const shapes: Readonly<Record<WebhookShape, (message: Message) => Content>> = {
  json: (message) => json(message),

  /** api.slack.com/messaging/webhooks; also Mattermost and Rocket.Chat. What is escaped mentions nobody. */
  slack: ({ title, text }) =>
    json({
      text: `*${slackText(title)}*\n\`\`\`${slackText(cut(bodyOf(title, text), longest.slack))}\`\`\``,
    }),

  /** discord.com/developers/docs/resources/webhook#execute-webhook. Nobody is mentioned, whatever stands there. */
  discord: ({ title, text }) =>
    json({
      content: `**${unmarked(cut(title, 150))}**\n\`\`\`\n${unfenced(cut(bodyOf(title, text), longest.discord))}\n\`\`\``,
      allowed_mentions: { parse: [] },
    }),

  /** docs.ntfy.sh/publish: the text is the body; headers are ASCII. */
  ntfy: ({ title, text, kind }) => ({
    type: 'text/plain; charset=utf-8',
    body: cutBytes(bodyOf(title, text), longest.ntfy),
    headers: {
      Title: title.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200),
      Priority: kind === 'problem' ? 'high' : 'default',
      Tags: kind === 'problem' ? 'warning' : 'shield',
    },
  }),
};

/** What stands below the title; the title where that is all. */
function bodyOf(title: string, text: string): string {
  const rest = text.startsWith(title) ? text.slice(title.length).trim() : text.trim();
  return rest === '' ? title : rest;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  // A character that was cut in two becomes one that says so.
  return bytes.length <= most
    ? text
    : `${bytes
        .subarray(0, most - 3)
        .toString()
        .replace(/\uFFFD$/, '')}…`;
}

/** api.slack.com/reference/surfaces/formatting#escaping; and no end of the block that it stands in. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', "'");
}

function unfenced(text: string): string {
  return text.replaceAll('`', "'");
}

function unmarked(text: string): string {
  return text.replaceAll(/[*_~`|\\[\]()<>@#]/g, '\\$&');
}
