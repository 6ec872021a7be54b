# SPDX-License-Identifier: Apache-2.0

class Broken < ActiveRecord::Migration[6.1]
  def up
    execute 'ALTER TABLE nothing ADD COLUMN id INT'
  end

  def down
    nil
  end
end
